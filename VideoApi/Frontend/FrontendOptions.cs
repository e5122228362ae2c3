using VideoApi.Hosting;

namespace VideoApi.Frontend;

/// <summary>What the frontend needs.</summary>
/// <param name="Listener">Where it listens.</param>
/// <param name="Backend">Origin of the backend, or of the proxy before it.</param>
internal sealed record FrontendOptions(Listener Listener, Uri Backend);
