namespace Demo.Verification;

/// <summary>Fetches a playlist and everything that it names, as a player that wants all renditions would.</summary>
internal sealed class PlaylistWalker(HttpFetcher web, Findings findings)
{
    // A film of three hours in segments of two seconds has 5,400 for each rendition.
    private const int MaxResources = 20_000;

    /// <summary>Walks from the master playlist down; each resource is fetched once.</summary>
    /// <returns>The answers in the order of fetching.</returns>
    public async Task<IReadOnlyList<WebAnswer>> FetchAllAsync(Uri master, CancellationToken cancellation)
    {
        var answers = new List<WebAnswer>();
        var seen = new HashSet<Uri> { master };
        var waiting = new Queue<Uri>(seen);
        while (waiting.TryDequeue(out var url))
        {
            if (await web.GetAsync(url, findings, cancellation) is not { } answer)
                continue;
            answers.Add(answer);
            foreach (var reference in References(answer).Where(seen.Add))
            {
                if (!findings.Check(seen.Count <= MaxResources, $"{master}: names more than {MaxResources} resources"))
                    return answers;
                waiting.Enqueue(reference);
            }
        }

        return answers;
    }

    private IEnumerable<Uri> References(WebAnswer answer)
    {
        if (!answer.Url.AbsolutePath.EndsWith(".m3u8", StringComparison.Ordinal))
            return [];
        if (!findings.Check(HlsPlaylist.Is(answer.Body), $"{answer.Url}: not a playlist: it does not start with #EXTM3U"))
            return [];
        // Media from another origin would not cross the sidecars.
        return HlsPlaylist.References(answer.Text)
            .Select(reference => new Uri(answer.Url, reference))
            .Where(url => findings.Check(url.Authority == answer.Url.Authority && url.Scheme == answer.Url.Scheme,
                $"{answer.Url}: names {url}, which is not behind the frontend"));
    }
}
