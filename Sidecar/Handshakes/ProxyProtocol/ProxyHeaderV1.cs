using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Chassis.Net;
using Oracle.Protocol;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>Version 1: <c>PROXY TCP4 &lt;source&gt; &lt;destination&gt; &lt;source port&gt; &lt;destination port&gt;</c> and CR LF, or <c>PROXY UNKNOWN</c>.</summary>
internal static class ProxyHeaderV1
{
    /// <summary>The longest line, CR LF included (proxy-protocol.txt section 2.1).</summary>
    public const int MaxLength = 107;

    public static ReadOnlySpan<byte> Signature => "PROXY "u8;

    public static ReadStatus Parse(ReadOnlySequence<byte> buffer, out int length, out ProxyHeader? header)
    {
        header = null;
        Span<byte> line = stackalloc byte[MaxLength];
        line = line[..(int)Math.Min(MaxLength, buffer.Length)];
        buffer.Slice(0, line.Length).CopyTo(line);
        length = line.IndexOf((byte)'\n') + 1;
        if (length == 0)
            return line.Length == MaxLength ? ReadStatus.TooLong : ReadStatus.Incomplete;
        if (line[length - 2] != '\r')
            return ReadStatus.Malformed;
        // All bytes after UNKNOWN must be ignored.
        var words = Encoding.Latin1.GetString(line[..(length - 2)]).Split(' ');
        if (words[1] == "UNKNOWN")
            return ReadStatus.Complete;
        return words is [_, var family, var source, var destination, var sourcePort, var destinationPort]
            && TryParse(family, source, sourcePort) is { } from && TryParse(family, destination, destinationPort) is { } to
            ? Complete(ProxyHeader.Of(from, to), out header)
            : ReadStatus.Malformed;
    }

    public static void Write(IBufferWriter<byte> output, ProxyHeader header)
    {
        var (source, destination) = (header.Source, header.Destination);
        Encoding.ASCII.GetBytes(
            header.IsV4
                ? $"PROXY TCP4 {source.Address} {destination.Address} {source.Port} {destination.Port}\r\n"
                : $"PROXY TCP6 {TextV6(source.Address)} {TextV6(destination.Address)} {source.Port} {destination.Port}\r\n",
            output);
    }

    private static ReadStatus Complete(ProxyHeader read, out ProxyHeader? header)
    {
        header = read;
        return ReadStatus.Complete;
    }

    private static IPEndPoint? TryParse(string family, string text, string port) =>
        NetworkAddress.TryParseAddress(text, out var address)
        && address.AddressFamily == FamilyOf(family)
        && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        // Other programs could read a leading zero as octal.
        && port is "0" or [not '0', ..]
            ? new IPEndPoint(address, number)
            : null;

    private static AddressFamily FamilyOf(string word) => word switch
    {
        "TCP4" => AddressFamily.InterNetwork,
        "TCP6" => AddressFamily.InterNetworkV6,
        _ => AddressFamily.Unspecified,
    };

    // The specification allows only groups of hexadecimal digits; .NET writes v4-mapped and some other addresses with a dotted end.
    private static string TextV6(IPAddress address)
    {
        var text = address.MapToIPv6().ToString();
        if (!text.Contains('.', StringComparison.Ordinal))
            return text;
        var bytes = address.MapToIPv6().GetAddressBytes();
        return string.Join(':', Enumerable.Range(0, 8).Select(group => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2 * group)).ToString("x", CultureInfo.InvariantCulture)));
    }
}
