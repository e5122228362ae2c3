namespace Demo.Verification;

/// <summary>Plays each video to its end, as a player that wants all renditions would, and compares each file with the storage's.</summary>
/// <param name="frontend">The frontend's root.</param>
/// <param name="service">The service's root, as the frontend calls it.</param>
/// <param name="clips">The folder that the storage serves.</param>
/// <param name="web">Fetches from both.</param>
/// <param name="findings">Where faults go.</param>
internal sealed class Playback(Uri frontend, Uri service, string clips, HttpFetcher web, Findings findings)
{
    /// <summary>Gets a line for each step.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>Plays all of them once.</summary>
    /// <returns>The playlists and media files.</returns>
    public async Task<IReadOnlyList<WebAnswer>> PlayAsync(CancellationToken cancellation)
    {
        var playlists = await new VideoPages(frontend, service, web, findings).FetchAsync(cancellation);
        Progress($"pages: index, {playlists.Count} player page(s), and the service's list through p1");
        var fetched = new List<WebAnswer>();
        foreach (var playlist in playlists)
            fetched.AddRange(await new PlaylistWalker(web, findings).FetchAllAsync(playlist, cancellation));
        new MediaFiles(clips).Compare(fetched, findings);
        Progress($"media: {fetched.Count} files, {fetched.Sum(answer => (long)answer.Body.Length):N0} bytes through {frontend}, compared by SHA-256");
        return fetched;
    }
}
