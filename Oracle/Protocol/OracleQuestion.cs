using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Oracle.Protocol;

/// <summary>The part of a question that only dialect v1x has.</summary>
/// <param name="Listener">Name of the listener that asks.</param>
/// <param name="Host">Name or address of the destination; null if the asker does not know it, as a p1 with a fixed target.</param>
/// <param name="Port">The destination's port; 0 with a null host.</param>
/// <param name="FromGreeting">Whether a p2 has the destination from p1's greeting, not from its own target or original destination.</param>
/// <param name="MayBePlain">Whether a p1 asks before its greeting if it should greet at all, and not for a transform.</param>
public sealed record QuestionRoute(string Listener, string? Host, int Port, bool FromGreeting = false, bool MayBePlain = false);

/// <summary>
/// A sidecar's question: <c>hello &lt;role&gt; &lt;conn-id&gt; &lt;peer-ip&gt; &lt;peer-port&gt;</c>, or in dialect v1x
/// <c>ask &lt;role&gt; &lt;conn-id&gt; &lt;listener&gt; &lt;dest-host&gt; &lt;dest-port&gt; &lt;peer-ip&gt; &lt;peer-port&gt;
/// [greeted|plain?]</c>.
/// In v1x <c>- 0</c> is an unknown destination, <c>greeted</c> means that p2 has the destination from p1's greeting, and with <c>plain?</c>
/// p1 asks whether it should greet.
/// </summary>
/// <param name="Role">The asker's role.</param>
/// <param name="Id">The connection.</param>
/// <param name="Peer">Address and port of the peer that connected to the asking sidecar; v4-mapped addresses as IPv4.</param>
/// <param name="Route">Listener and destination; null in dialect v1.</param>
public readonly record struct OracleQuestion(SidecarRole Role, ConnectionId Id, IPEndPoint Peer, QuestionRoute? Route = null)
{
    private const string Unknown = "-";
    private const string Greeted = "greeted";
    private const string Plain = "plain?";

    // The limit for listener names in a policy; and the longest DNS name with its dots (RFC 1035, section 2.3.4).
    private const int MaxListenerLength = 64;
    private const int MaxHostLength = 255;

    /// <summary>The dialect of the question and its answer.</summary>
    public OracleDialect Dialect => Route is null ? OracleDialect.V1 : OracleDialect.V1x;

    /// <summary>
    /// Reads a line. The address can have several words: Lisp prints a vector as <c>#(127 0 0 1)</c>, sixteen numbers for IPv6.
    /// </summary>
    public static bool TryParse(string line, out OracleQuestion question)
    {
        question = default;
        var words = WireLine.Words(line);
        var (greeted, plain) = (words is ["ask", .., Greeted], words is ["ask", .., Plain]);
        if (greeted || plain)
            words = words[..^1];
        QuestionRoute? route = null;
        // Position of the peer's address.
        var peer = words is ["hello", ..] ? 3 : words is ["ask", _, _, var listener, var host, var destination, ..] && TryParseRoute(listener, host, destination, out route) ? 6 : -1;
        if (peer < 0 || words.Length < peer + 2
            || !SidecarRoles.TryParse(words[1], out var role)
            || !ConnectionId.TryParse(words[2], out var id)
            || !TryParseAddress(words.AsSpan(peer..^1), out var address)
            || !TryParsePort(words[^1], out var port)
            // Only a p2 gets a greeting, and only a p1 sends one.
            || (greeted && (role != SidecarRole.Inbound || route?.Host is null))
            || (plain && (role != SidecarRole.Outbound || route?.Host is null)))
            return false;
        question = new OracleQuestion(role, id, new IPEndPoint(address, port), greeted || plain ? route! with { FromGreeting = greeted, MayBePlain = plain } : route);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Route is { } route
        ? $"ask {Role.WireWord()} {Id} {route.Listener} {route.Host ?? Unknown} {route.Port} {Unmapped(Peer.Address)} {Peer.Port}{(route.FromGreeting ? " " + Greeted : route.MayBePlain ? " " + Plain : "")}"
        : $"hello {Role.WireWord()} {Id} {Unmapped(Peer.Address)} {Peer.Port}";

    private static bool TryParseRoute(string listener, string host, string destination, out QuestionRoute? route)
    {
        route = null;
        if (listener.Length > MaxListenerLength || host.Length > MaxHostLength || !TryParsePort(destination, out var port) || (host == Unknown) != (port == 0))
            return false;
        route = new QuestionRoute(listener, host == Unknown ? null : host, port);
        return true;
    }

    private static bool TryParsePort(string word, out ushort port) => ushort.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out port);

    private static bool TryParseAddress(ReadOnlySpan<string> words, out IPAddress address)
    {
        address = IPAddress.None;
        var text = string.Join(' ', words!);
        if (text is ['#', '(', .., ')'])
        {
            var numbers = WireLine.Words(text[2..^1]);
            var bytes = new byte[numbers.Length];
            for (var i = 0; i < numbers.Length; i++)
            {
                if (!byte.TryParse(numbers[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]))
                    return false;
            }

            if (bytes.Length is not (4 or 16))
                return false;
            address = Unmapped(new IPAddress(bytes));
            return true;
        }

        // IPAddress.TryParse alone also accepts "5", "010.0.0.1" (octal) and "[::1]:80".
        if (!IPAddress.TryParse(text, out var parsed) || text[0] == '['
            || (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text))
            return false;
        // A scope (fe80::1%2) has a meaning only on the asking host, so it is removed.
        address = Unmapped(new IPAddress(parsed.GetAddressBytes()));
        return true;
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
