using VideoApi.Hosting;

namespace VideoApi.Backend;

/// <summary>What the backend needs.</summary>
/// <param name="Listener">Where it listens.</param>
/// <param name="Storage">Origin of the storage.</param>
internal sealed record BackendOptions(Listener Listener, Uri Storage);
