using VideoApi.Media;

namespace VideoApi.Forwarding;

/// <summary>The services that media files come from, one for playlists and one for all others.</summary>
internal sealed class HlsUpstreams(UpstreamClient playlists, UpstreamClient segments) : IDisposable
{
    /// <summary>Who has a file of this name.</summary>
    public UpstreamClient For(string name) => MediaType.Of(name) is { IsPlaylist: true } ? playlists : segments;

    public void Dispose()
    {
        playlists.Dispose();
        segments.Dispose();
    }
}
