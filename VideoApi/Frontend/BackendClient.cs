using VideoApi.Backend;
using VideoApi.Forwarding;
using VideoApi.Hosting;
using VideoApi.Media;

namespace VideoApi.Frontend;

/// <summary>Asks the backend for videos.</summary>
internal sealed class BackendClient(UpstreamClient backend)
{
    // Seconds, some 30 years, in the backend's unit: a TimeSpan overflows at some ten thousand times that.
    private const long MaxDuration = 1_000_000_000;

    /// <summary>All videos.</summary>
    /// <exception cref="UpstreamException">The backend does not answer, reports a failure, or does not answer as expected.</exception>
    public async Task<IReadOnlyList<Video>> ListAsync(CancellationToken cancellation)
    {
        var videos = await backend.GetJsonAsync("/api/videos", VideoJson.Default.VideoArray, cancellation)
            ?? throw new UpstreamException("the backend has no list of videos");
        return Array.TrueForAll(videos, IsSound) ? videos : throw Broken();
    }

    /// <summary>One video; null if there is none with this id.</summary>
    /// <exception cref="UpstreamException">The backend does not answer, reports a failure, or does not answer as expected.</exception>
    public async Task<Video?> FindAsync(string id, CancellationToken cancellation)
    {
        // Also refuses "..", which would leave the path even if it is escaped.
        if (!MediaPath.IsName(id))
            return null;
        var video = await backend.GetJsonAsync($"/api/videos/{Uri.EscapeDataString(id)}", VideoJson.Default.Video, cancellation);
        return video is null || IsSound(video) ? video : throw Broken();
    }

    /// <summary>
    /// Path of a video's playlist. It is the same on storage, backend and frontend, so its bytes come through the backend.
    /// </summary>
    public static string PlaylistPath(Video video) => new Uri(video.HlsUrl).AbsolutePath;

    private static bool IsSound(Video? video) =>
        video is { Id: not null, Title: not null, HlsUrl: not null, Duration: >= 0 and < MaxDuration }
        && MediaPath.IsName(video.Id)
        && Uri.TryCreate(video.HlsUrl, UriKind.Absolute, out var url)
        && MediaPath.TrySplit(Uri.UnescapeDataString(url.AbsolutePath), out _);

    private static UpstreamException Broken() => new("the backend's list of videos is broken");
}
