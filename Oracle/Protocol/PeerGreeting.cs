using System.Globalization;

namespace Oracle.Protocol;

/// <summary>
/// p1's greeting to p2: <c>bonjour &lt;conn-id&gt;</c>, or with the destination <c>&lt;host&gt; &lt;port&gt;</c> after it.
/// </summary>
/// <param name="Id">The connection.</param>
/// <param name="Host">Name or address of the destination in the long form, otherwise null.</param>
/// <param name="Port">Its port, 1 to 65535, in the long form, otherwise 0.</param>
public readonly record struct PeerGreeting(ConnectionId Id, string? Host = null, int Port = 0)
{
    /// <summary>The bytes with which every greeting begins.</summary>
    public static ReadOnlySpan<byte> Start => "bonjour "u8;

    /// <summary>Reads a line; it does not check whether the host is valid.</summary>
    public static bool TryParse(string line, out PeerGreeting greeting)
    {
        greeting = default;
        var words = WireLine.Words(line);
        if (words.Length is not (2 or 4) || words[0] != "bonjour" || !ConnectionId.TryParse(words[1], out var id))
            return false;
        ushort port = 0;
        if (words.Length == 4 && (!ushort.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port == 0))
            return false;
        greeting = words.Length == 2 ? new PeerGreeting(id) : new PeerGreeting(id, words[2], port);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Host is null ? $"bonjour {Id}" : $"bonjour {Id} {Host} {Port}";
}
