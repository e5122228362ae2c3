using VideoApi.Media;

namespace VideoApi.Forwarding;

/// <summary>The upstream services of media files, one for playlists and one for all others.</summary>
internal sealed class HlsUpstreams(UpstreamClient playlists, UpstreamClient segments) : IDisposable
{
    /// <summary>The service that has a file with this name.</summary>
    public UpstreamClient For(string name) => MediaType.Of(name) is { IsPlaylist: true } ? playlists : segments;

    public void Dispose()
    {
        playlists.Dispose();
        segments.Dispose();
    }
}
