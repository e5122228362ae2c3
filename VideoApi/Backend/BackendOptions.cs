using VideoApi.Hosting;

namespace VideoApi.Backend;

/// <summary>The backend's options.</summary>
/// <param name="Listener">Its listener.</param>
/// <param name="Storage">Origin of the storage.</param>
internal sealed record BackendOptions(Listener Listener, Uri Storage);
