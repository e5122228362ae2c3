using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Demo.Verification;

/// <summary>Reads the service's list through p1 and checks that the frontend's pages offer each video of it.</summary>
/// <param name="frontend">The frontend's root.</param>
/// <param name="service">The service's root, as the frontend calls it.</param>
/// <param name="web">Fetches both.</param>
/// <param name="findings">Where faults go.</param>
internal sealed partial class VideoPages(Uri frontend, Uri service, HttpFetcher web, Findings findings)
{
    private sealed record Video(string Id, string Title, Uri Playlist);

    /// <summary>Fetches the list, each video's entry, the index page and the player pages.</summary>
    /// <returns>The playlists that the player pages hand to the browser.</returns>
    public async Task<IReadOnlyList<Uri>> FetchAsync(CancellationToken cancellation)
    {
        var videos = await ListAsync(cancellation);
        var index = await PageAsync(frontend, cancellation);
        var playlists = new List<Uri>();
        foreach (var video in videos)
        {
            var path = $"/video/{Uri.EscapeDataString(video.Id)}";
            findings.Check(index.Contains($"href=\"{path}\"", StringComparison.Ordinal), $"the index page has no link to {path}");
            findings.Check(index.Contains(WebUtility.HtmlEncode(video.Title), StringComparison.Ordinal), $"the index page does not name '{video.Title}'");
            var url = new Uri(frontend, path);
            if (PlaylistOf(await PageAsync(url, cancellation), url) is not { } playlist)
                findings.Fail($"{url}: the player page hands no playlist to the browser (a data- attribute ending in .m3u8)");
            else if (findings.Check(playlist.Authority == url.Authority && playlist.AbsolutePath == video.Playlist.AbsolutePath,
                $"{url}: its playlist is {playlist}, the service's is {video.Playlist}"))
                playlists.Add(playlist);
        }

        return playlists;
    }

    private async Task<IReadOnlyList<Video>> ListAsync(CancellationToken cancellation)
    {
        var url = new Uri(service, "/api/videos");
        if (await web.GetAsync(url, findings, cancellation) is not { } answer)
            return [];
        try
        {
            using var json = JsonDocument.Parse(answer.Body);
            var videos = json.RootElement.EnumerateArray().Select(Read).ToList();
            findings.Check(videos.Count > 0, $"{url}: an empty list");
            foreach (var video in videos)
            {
                var one = await web.GetAsync(new Uri(service, $"/api/videos/{Uri.EscapeDataString(video.Id)}"), findings, cancellation);
                if (one is not null)
                {
                    using var entry = JsonDocument.Parse(one.Body);
                    findings.Check(Read(entry.RootElement) == video, $"{one.Url}: differs from the list's entry");
                }
            }

            return videos;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            findings.Fail($"{url}: not the list of videos: {error.Message}");
            return [];
        }
    }

    private static Video Read(JsonElement entry) => new(
        entry.GetProperty("ID").GetString()!, entry.GetProperty("TITLE").GetString()!, new Uri(entry.GetProperty("HLS-URL").GetString()!));

    private async Task<string> PageAsync(Uri url, CancellationToken cancellation)
    {
        var answer = await web.GetAsync(url, findings, cancellation);
        findings.Check(answer is null || answer.MediaType == "text/html", $"{url}: media type {answer?.MediaType}, text/html was expected");
        return answer?.Text ?? "";
    }

    private static Uri? PlaylistOf(string page, Uri url) =>
        PlaylistAttribute().Match(page) is { Success: true } match ? new Uri(url, WebUtility.HtmlDecode(match.Groups["url"].Value)) : null;

    [GeneratedRegex(" data-[a-z-]+=\"(?<url>[^\"]+[.]m3u8)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaylistAttribute();
}
