using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Text;
using Chassis.Net;
using Oracle.Protocol;

namespace Sidecar.Handshakes.Socks;

/// <summary>Feature: a request of SOCKS4 or SOCKS4a.</summary>
/// <param name="Command">1 CONNECT, 2 BIND.</param>
/// <param name="Destination">The client's destination.</param>
internal sealed record SocksRequest(byte Command, HostPort Destination)
{
    public const byte Connect = 1;

    // The protocol has no limit for the user id; redsocks and curl send a login name.
    private const int MaxUserId = 255;
    private const int MaxHost = 255;
    private const int HeaderLength = 8;

    /// <summary>
    /// VN 4, CD, port (2), address (4), user id, NUL; in SOCKS4a the address is 0.0.0.x and a host name and NUL follow.
    /// </summary>
    public static ReadStatus Parse(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out SocksRequest request)
    {
        consumed = buffer.Start;
        request = null!;
        var reader = new SequenceReader<byte>(buffer);
        if (reader.TryPeek(out var version) && version != 4)
            return ReadStatus.Malformed;
        Span<byte> header = stackalloc byte[HeaderLength];
        if (!reader.TryCopyTo(header))
            return ReadStatus.Incomplete;
        reader.Advance(HeaderLength);
        if (header[1] is not (1 or 2))
            return ReadStatus.Malformed;
        var status = ReadText(ref reader, MaxUserId, out _);
        if (status != ReadStatus.Complete)
            return status;

        var address = header[4..8];
        var host = new IPAddress(address).ToString();
        if (address is [0, 0, 0, not 0])
        {
            status = ReadText(ref reader, MaxHost, out host);
            if (status != ReadStatus.Complete)
                return status;
        }

        var port = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
        if (port == 0 || !HostPort.IsHost(host))
            return ReadStatus.Malformed;
        consumed = reader.Position;
        request = new SocksRequest(header[1], new HostPort(host, port));
        return ReadStatus.Complete;
    }

    private static ReadStatus ReadText(ref SequenceReader<byte> reader, int maxLength, out string text)
    {
        text = "";
        if (reader.TryReadTo(out ReadOnlySequence<byte> bytes, (byte)0))
        {
            if (bytes.Length > maxLength)
                return ReadStatus.TooLong;
            text = Encoding.Latin1.GetString(bytes);
            return ReadStatus.Complete;
        }

        return reader.Remaining > maxLength ? ReadStatus.TooLong : ReadStatus.Incomplete;
    }
}
