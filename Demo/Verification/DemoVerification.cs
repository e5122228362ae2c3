using Demo.Programs;

namespace Demo.Verification;

/// <summary>
/// Proves that the demo does what it says: the whole video comes through, byte for byte, and what crosses between
/// p1 and p2 is transformed.
/// </summary>
/// <param name="ports">Where the programs listen.</param>
/// <param name="clips">The folder that the storage serves.</param>
/// <param name="tap">Stands between p1 and p2.</param>
/// <param name="audit">What the Oracle decided.</param>
/// <param name="progress">Told of each step.</param>
internal sealed class DemoVerification(DemoPorts ports, string clips, TcpTap tap, OracleAudit audit, Action<string> progress)
{
    /// <summary>Runs all checks.</summary>
    public async Task<VerificationResult> RunAsync(CancellationToken cancellation)
    {
        var findings = new Findings();
        using var web = new HttpFetcher();
        var metrics = new MetricsCheck(ports, web, findings);
        await metrics.StartAsync(cancellation);

        var playlists = await new VideoPages(ports, web, findings).FetchAsync(cancellation);
        progress($"pages: index, {playlists.Count} player page(s), and the service's list through p1");

        var fetched = new List<WebAnswer>();
        foreach (var playlist in playlists)
            fetched.AddRange(await new PlaylistWalker(web, findings).FetchAllAsync(playlist, cancellation));
        var bytes = fetched.Sum(answer => (long)answer.Body.Length);
        new MediaFiles(clips).Compare(fetched, findings);
        progress($"media: {fetched.Count} files, {bytes:N0} bytes through {DemoPorts.Url(ports.Frontend)}, compared by SHA-256");

        var connections = tap.Connections;
        var wire = await new WireCheck(id => audit.FindAsync(id, cancellation), findings).CheckAsync(connections, fetched);
        progress($"between p1 and p2: {connections.Count} connection(s), {connections.Sum(c => c.ToTarget.Count + c.FromTarget.Count):N0} bytes; the first bytes of one:");
        foreach (var line in wire.Shown)
            progress("  " + line);

        await metrics.FinishAsync(bytes, wire.Transforms, cancellation);
        progress("metrics: the counters of p1 and p2 compared with these bytes");
        return new VerificationResult(fetched.Count, bytes, wire.Transforms, findings.Failures);
    }
}
