namespace Oracle.Protocol;

/// <summary>p2's answer to p1: <c>ok &lt;conn-id&gt;</c> or <c>fail &lt;conn-id&gt;</c>.</summary>
/// <param name="Granted">Whether p2 has reached the destination and relays.</param>
/// <param name="Id">The connection that p1 named.</param>
public readonly record struct PeerAnswer(bool Granted, ConnectionId Id)
{
    /// <summary>Reads a line.</summary>
    public static bool TryParse(string line, out PeerAnswer answer)
    {
        answer = default;
        var words = WireLine.Words(line);
        if (words is not [("ok" or "fail") and var verdict, var text] || !ConnectionId.TryParse(text, out var id))
            return false;
        answer = new PeerAnswer(verdict == "ok", id);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Granted ? "ok" : "fail")} {Id}";
}
