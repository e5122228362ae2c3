using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Oracle.Protocol;

/// <summary>What a sidecar asks: <c>hello &lt;role&gt; &lt;conn-id&gt; &lt;peer-ip&gt; &lt;peer-port&gt;</c>.</summary>
/// <param name="Role">Who asks.</param>
/// <param name="Id">The connection.</param>
/// <param name="Peer">Address and port of whoever connected to the asking sidecar; v4-mapped addresses as IPv4.</param>
public readonly record struct OracleQuestion(SidecarRole Role, ConnectionId Id, IPEndPoint Peer)
{
    /// <summary>
    /// Reads a line. The address may span words: Lisp prints a vector as <c>#(127 0 0 1)</c>, sixteen numbers for IPv6.
    /// </summary>
    public static bool TryParse(string line, out OracleQuestion question)
    {
        question = default;
        var words = WireLine.Words(line);
        if (words.Length < 5 || words[0] != "hello"
            || !SidecarRoles.TryParse(words[1], out var role)
            || !ConnectionId.TryParse(words[2], out var id)
            || !TryParseAddress(words.AsSpan(3..^1), out var address)
            || !ushort.TryParse(words[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return false;
        question = new OracleQuestion(role, id, new IPEndPoint(address, port));
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"hello {Role.Word()} {Id} {Unmapped(Peer.Address)} {Peer.Port}";

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

        // IPAddress.TryParse alone also takes "5", "010.0.0.1" (octal) and "[::1]:80".
        if (!IPAddress.TryParse(text, out var parsed) || text[0] == '['
            || (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text))
            return false;
        // A scope (fe80::1%2) means something on the asking host only: the bytes leave it out.
        address = Unmapped(new IPAddress(parsed.GetAddressBytes()));
        return true;
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
