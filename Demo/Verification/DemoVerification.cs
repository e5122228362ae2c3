using ByteFilters;

namespace Demo.Verification;

/// <summary>
/// Proves that the demo does what it says: the whole video comes through, byte for byte, and what crosses between
/// p1 and p2 is transformed.
/// </summary>
/// <param name="places">Where things are.</param>
/// <param name="clips">The folder that the storage serves.</param>
/// <param name="web">Fetches as a browser beside the frontend would.</param>
/// <param name="tapped">Tells what has crossed each way so far.</param>
/// <param name="audit">What the Oracle decided.</param>
/// <param name="progress">Told of each step.</param>
internal sealed class DemoVerification(
    VerifiedPlaces places, string clips, HttpFetcher web, Func<CancellationToken, Task<IReadOnlyList<TappedWay>>> tapped, OracleAudit audit, Action<string> progress)
{
    /// <summary>What the summary starts with, when there is more than one.</summary>
    public string Name { get; init; } = "";

    /// <summary>Runs all checks.</summary>
    public async Task<VerificationResult> RunAsync(CancellationToken cancellation)
    {
        var findings = new Findings();
        var metrics = new MetricsCheck(places.Metrics, web, findings);
        await metrics.StartAsync(cancellation);

        var fetched = await new Playback(places.Frontend, places.Service, clips, web, findings) { Progress = progress }.PlayAsync(cancellation);
        var bytes = fetched.Sum(answer => (long)answer.Body.Length);

        var transforms = new List<TransformExpression>();
        foreach (var way in await tapped(cancellation))
            transforms.AddRange(await CheckAsync(way, fetched, findings, cancellation));

        await metrics.FinishAsync(bytes, transforms, cancellation);
        progress($"metrics: the counters of {string.Join(" and ", places.Metrics.Keys)} compared with these bytes");
        return new VerificationResult(fetched.Count, bytes, [.. transforms.Distinct()], findings.Failures) { Name = Name };
    }

    private async Task<IReadOnlyList<TransformExpression>> CheckAsync(TappedWay way, IReadOnlyList<WebAnswer> fetched, Findings findings, CancellationToken cancellation)
    {
        var crossed = $"between {way.Between}: {way.Connections.Count} connection(s), {way.Bytes:N0} bytes";
        if (!way.Transformed)
        {
            UntouchedCheck.Check(way, fetched, findings);
            progress($"{crossed}, untouched");
            return [];
        }

        var wire = await new WireCheck(id => audit.FindAsync(id, cancellation), findings).CheckAsync(way.Connections, fetched);
        progress($"{crossed}; the first bytes of one:");
        foreach (var line in wire.Shown)
            progress("  " + line);
        return wire.Transforms;
    }
}
