using System.Text;
using ByteFilters;
using Oracle.Protocol;

namespace Demo.Verification;

/// <summary>
/// Shows from the tapped bytes that what the browser's side got did cross between p1 and p2, that it crossed
/// transformed, and that the transform which the Oracle chose gives the plain bytes again.
/// </summary>
/// <param name="decisionOf">The transform that the Oracle chose for a connection; null when it told of none.</param>
/// <param name="findings">Where faults go.</param>
internal sealed class WireCheck(Func<ConnectionId, Task<TransformExpression?>> decisionOf, Findings findings)
{
    private const int ShownBytes = 16;

    private sealed record Restored(PeerStream Crossed, TransformExpression Transform, byte[] Requests, byte[] Responses);

    /// <summary>Checks all connections against what was fetched.</summary>
    /// <returns>Lines that show the difference, and the transforms seen.</returns>
    public async Task<WireResult> CheckAsync(IReadOnlyList<TapConnection> connections, IReadOnlyList<WebAnswer> fetched)
    {
        findings.Check(connections.Count > 0, "no connection between p1 and p2: nothing crossed the sidecars");
        var restored = new List<Restored>();
        foreach (var connection in connections)
        {
            if (PeerStream.Read(connection, findings) is { } stream && await RestoreAsync(stream) is { } plain)
                restored.Add(plain);
        }

        foreach (var answer in fetched.Where(a => a.Body.Length > 0))
            CheckCrossed(answer, restored);
        return new WireResult(
            restored.Count == 0 ? [] : [.. Show("request", restored[0].Requests, restored[0].Crossed.ToService), .. Show("response", restored[0].Responses, restored[0].Crossed.FromService)],
            [.. restored.Select(r => r.Transform).Distinct()]);
    }

    private async Task<Restored?> RestoreAsync(PeerStream stream)
    {
        if (await decisionOf(stream.Id) is not { } transform)
        {
            findings.Fail($"connection {stream.Id}: the Oracle's audit log tells of no transform for it");
            return null;
        }

        findings.Check(!transform.ChangesNothing(), $"connection {stream.Id}: the Oracle chose {transform}, which changes nothing; the policy must choose one that changes bytes");
        var plain = new Restored(stream, transform, transform.Restore(stream.ToService.Span), transform.Restore(stream.FromService.Span));
        findings.Check(plain.Requests.AsSpan().StartsWith("GET /"u8), $"connection {stream.Id}: what crossed towards p2 is no HTTP request once {transform} is undone");
        findings.Check(plain.Responses.AsSpan().StartsWith("HTTP/1.1 "u8), $"connection {stream.Id}: what crossed towards p1 is no HTTP response once {transform} is undone");
        findings.Check(!Contains(stream, "HTTP/1.1"u8), $"connection {stream.Id}: plain HTTP crossed between p1 and p2");
        return plain;
    }

    private void CheckCrossed(WebAnswer answer, List<Restored> restored)
    {
        findings.Check(restored.Exists(r => r.Responses.AsSpan().IndexOf(answer.Body) >= 0), $"{answer.Url}: its bytes did not cross between p1 and p2");
        findings.Check(!restored.Exists(r => Contains(r.Crossed, answer.Body)), $"{answer.Url}: its bytes crossed between p1 and p2 as they are");
    }

    private static bool Contains(PeerStream stream, ReadOnlySpan<byte> bytes) =>
        stream.ToService.Span.IndexOf(bytes) >= 0 || stream.FromService.Span.IndexOf(bytes) >= 0;

    private static IEnumerable<string> Show(string what, byte[] plain, ReadOnlyMemory<byte> crossed) =>
    [
        $"{what,-8} plain    {Hex(plain)}  {Printable(plain)}",
        $"{"",-8} crossed  {Hex(crossed.Span)}  {Printable(crossed.Span)}",
    ];

    private static string Hex(ReadOnlySpan<byte> bytes) =>
        string.Join(' ', bytes[..Math.Min(bytes.Length, ShownBytes)].ToArray().Select(b => b.ToString("x2")));

    private static string Printable(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, ShownBytes)]).Select(c => char.IsBetween(c, ' ', '~') ? c : '.'));
}

/// <summary>What the tapped bytes showed.</summary>
/// <param name="Shown">The first bytes of a connection, plain and as they crossed.</param>
/// <param name="Transforms">The transforms that were undone.</param>
internal sealed record WireResult(IReadOnlyList<string> Shown, IReadOnlyList<TransformExpression> Transforms);
