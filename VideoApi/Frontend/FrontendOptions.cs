using VideoApi.Hosting;

namespace VideoApi.Frontend;

/// <summary>The frontend's options.</summary>
/// <param name="Listener">Its listener.</param>
/// <param name="Backend">Origin of the backend, or of the proxy before it.</param>
/// <param name="Playlists">The same for playlists.</param>
/// <param name="Segments">The same for all other media files.</param>
internal sealed record FrontendOptions(Listener Listener, Uri Backend, Uri Playlists, Uri Segments);
