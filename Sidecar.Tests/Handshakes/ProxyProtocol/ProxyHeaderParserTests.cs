using System.Text;
using Oracle.Protocol;
using Sidecar.Handshakes.ProxyProtocol;
using Xunit;
using static Sidecar.Tests.Handshakes.ProxyProtocol.HeaderBytes;

namespace Sidecar.Tests.Handshakes.ProxyProtocol;

public sealed class ProxyHeaderParserTests
{
    private const byte Local = 0x20, Proxy = 0x21;
    private static readonly byte[] Behind = "GET / HTTP/1.1\r\n"u8.ToArray();

    // What is sent, and the client that it names; null for none.
    public static TheoryData<string, byte[], string?> Sound => new()
    {
        { "TCP4", "PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\n"u8.ToArray(), "10.0.0.1:4000" },
        { "TCP6", "PROXY TCP6 fd00::1 fd00::2 4000 80\r\n"u8.ToArray(), "[fd00::1]:4000" },
        { "TCP6, upper case, whole", "PROXY TCP6 FD00:0:0:0:0:0:0:1 FD00:0:0:0:0:0:0:2 4000 80\r\n"u8.ToArray(), "[fd00::1]:4000" },
        { "TCP6 of an IPv4 client", "PROXY TCP6 ::ffff:10.0.0.1 fd00::2 4000 80\r\n"u8.ToArray(), "10.0.0.1:4000" },
        { "TCP6, the longest", Latin($"PROXY TCP6 {Longest} {Longest} 65535 65535\r\n"), $"[{Longest}]:65535" },
        { "TCP4, lowest ports", "PROXY TCP4 0.0.0.0 255.255.255.255 0 0\r\n"u8.ToArray(), "0.0.0.0:0" },
        { "UNKNOWN, short", "PROXY UNKNOWN\r\n"u8.ToArray(), null },
        { "UNKNOWN, with what is to be ignored", Latin($"PROXY UNKNOWN {Longest} {Longest} 65535 65535\r\n"), null },
        { "v2 TCP over IPv4", V2(Proxy, 0x11, AddressesV4), "10.0.0.1:4000" },
        { "v2 TCP over IPv6", V2(Proxy, 0x21, AddressesV6), "[fd00::1]:4000" },
        { "v2 with extensions", V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x04), .. Tlv(0xEA, 1, 2, 3), .. Tlv(0x20, new byte[300])]), "10.0.0.1:4000" },
        { "v2 with a checksum", WithChecksum(V2(Proxy, 0x21, [.. AddressesV6, .. Tlv(0x02, 0x61), .. Tlv(0x03, new byte[4])])), "[fd00::1]:4000" },
        { "v2 as long as may be", V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x04, new byte[ProxyHeaderV2.MaxLength - 16 - 12 - 3])]), "10.0.0.1:4000" },
        { "v2 UDP", V2(Proxy, 0x12, AddressesV4), null },
        { "v2 UNIX", V2(Proxy, 0x31, new byte[216]), null },
        { "v2 unspecified", V2(Proxy, 0x00), null },
        { "v2 unspecified, with what is to be ignored", V2(Proxy, 0x00, 1, 2, 3), null },
        { "v2 LOCAL", V2(Local, 0x00), null },
        { "v2 LOCAL, with addresses to be ignored", V2(Local, 0x11, AddressesV4), null },
        { "v2 LOCAL of a family that is none", V2(Local, 0xFF, 1, 2, 3), null },
    };

    private static string Longest => string.Join(':', Enumerable.Repeat("ffff", 8));

    // Catches: a decision before the end (early), a wait for bytes behind it (late), a part's border taken for an end.
    [Theory]
    [MemberData(nameof(Sound))]
    public void Parse_HeaderSplitAtEveryByte_IsReadOnceItIsWholeAndNothingBehindIt(string _, byte[] header, string? client)
    {
        byte[] wire = [.. header, .. Behind];
        for (var split = 0; split <= wire.Length; split++)
        {
            Assert.Equal(split < header.Length ? ReadStatus.Incomplete : ReadStatus.Complete, Parse(wire.AsMemory(..split)).Status);
            var (status, consumed, read) = Parse(wire.AsMemory(..split), wire.AsMemory(split..));
            Assert.Equal((ReadStatus.Complete, header.Length, client), (status, consumed, read?.Source.ToString()));
        }
    }

    [Theory]
    [MemberData(nameof(Sound))]
    public void Parse_HeaderInSegmentsOfOneByte_IsTheSame(string _, byte[] header, string? client)
    {
        var (status, consumed, read) = Parse(header.Select(b => (ReadOnlyMemory<byte>)new[] { b }));
        Assert.Equal((ReadStatus.Complete, header.Length, client), (status, consumed, read?.Source.ToString()));
    }

    [Fact]
    public void Parse_Destination_IsTheSecondAddressAndPort()
    {
        Assert.Equal(V4, Parse("PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\n"u8.ToArray()).Header);
        Assert.Equal(V4, Parse(V2(Proxy, 0x11, AddressesV4)).Header);
        Assert.Equal(V6, Parse(V2(Proxy, 0x21, AddressesV6)).Header);
    }

    // Each would be caught in a parser that ...
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")] // ... lets connections without a header through
    [InlineData("P\n")] // ... compares a shorter prefix only
    [InlineData("proxy TCP4 10.0.0.1 10.0.0.2 4000 80\r\n")] // ... ignores case
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY \r\n")] // ... reads a second word that is not there
    [InlineData("PROXY UNKNOWNS\r\n")] // ... compares a prefix of the family
    [InlineData("PROXY TCP5 10.0.0.1 10.0.0.2 4000 80\r\n")]
    [InlineData("PROXY tcp4 10.0.0.1 10.0.0.2 4000 80\r\n")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\n")] // ... takes a bare LF for the end
    [InlineData("PROXY UNKNOWN\n")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000\r\n")] // ... takes missing words for empty ones
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000 80 90\r\n")] // ... ignores words too many
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000 80 \r\n")]
    [InlineData("PROXY  TCP4 10.0.0.1 10.0.0.2 4000 80\r\n")] // ... drops empty words
    [InlineData("PROXY TCP4 10.0.0.1  10.0.0.2 4000 80\r\n")]
    [InlineData("PROXY\tTCP4\t10.0.0.1\t10.0.0.2\t4000\t80\r\n")] // ... splits at any white space
    [InlineData("PROXY TCP4 fd00::1 fd00::2 4000 80\r\n")] // ... does not hold addresses against the family
    [InlineData("PROXY TCP6 10.0.0.1 10.0.0.2 4000 80\r\n")]
    [InlineData("PROXY TCP4 10.0.0.1 fd00::2 4000 80\r\n")]
    [InlineData("PROXY TCP4 010.0.0.1 10.0.0.2 4000 80\r\n")] // ... reads octal
    [InlineData("PROXY TCP4 0x0a.0.0.1 10.0.0.2 4000 80\r\n")] // ... reads hexadecimal
    [InlineData("PROXY TCP4 10.1 10.0.0.2 4000 80\r\n")] // ... reads inet_aton's short forms
    [InlineData("PROXY TCP4 10.0.0.256 10.0.0.2 4000 80\r\n")]
    [InlineData("PROXY TCP4 localhost 10.0.0.2 4000 80\r\n")] // ... resolves names
    [InlineData("PROXY TCP6 [fd00::1] [fd00::2] 4000 80\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 fd00::2 4000 80\r\n")] // ... reads a scope
    [InlineData("PROXY TCP6 fd00:::1 fd00::2 4000 80\r\n")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 04000 80\r\n")] // ... takes a port's leading zeros
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000 00\r\n")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 65536 80\r\n")] // ... cuts a port to 16 bits
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 +4000 80\r\n")] // ... takes signs
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 -1 80\r\n")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000 8\u00b2\r\n")] // ... takes other digits
    [InlineData("PROXY TCP4 10.0.0.1\0 10.0.0.2 4000 80\r\n")] // ... ends a text at NUL
    [InlineData("PROXY TCP4 10.0.0.1\r 10.0.0.2 4000 80\r\n")]
    public void Parse_MalformedLine_IsRefused(string line) => Assert.Equal(ReadStatus.Malformed, Parse(Latin(line)).Status);

    public static TheoryData<string, byte[]> MalformedV2 => new()
    {
        { "another signature", [.. Signature[..11], 0x0B, Proxy, 0x11, 0, 12, .. AddressesV4] },
        { "version 1", V2(0x11, 0x11, AddressesV4) },
        { "version 3", V2(0x31, 0x11, AddressesV4) },
        { "an unknown command", V2(0x22, 0x11, AddressesV4) },
        { "an unknown family", V2(Proxy, 0x41, new byte[216]) },
        { "an unknown protocol", V2(Proxy, 0x13, AddressesV4) },
        { "a family without a protocol", V2(Proxy, 0x10, AddressesV4) },
        { "a protocol without a family", V2(Proxy, 0x01, AddressesV4) },
        { "no addresses", V2(Proxy, 0x11) },
        { "IPv4 addresses cut short", V2(Proxy, 0x11, AddressesV4[..11]) },
        { "IPv6 addresses cut short", V2(Proxy, 0x21, AddressesV6[..35]) },
        { "IPv4 addresses for IPv6", V2(Proxy, 0x21, AddressesV4) },
        { "UNIX paths cut short", V2(Proxy, 0x31, new byte[215]) },
        { "an extension without its length", V2(Proxy, 0x11, [.. AddressesV4, 0x04]) },
        { "an extension with half its length", V2(Proxy, 0x11, [.. AddressesV4, 0x04, 0]) },
        { "an extension that is longer than the header", V2(Proxy, 0x11, [.. AddressesV4, 0x04, 0, 2, 1]) },
        { "an extension that claims all there could be", V2(Proxy, 0x11, [.. AddressesV4, 0x04, 0xFF, 0xFF]) },
        { "a checksum of three bytes", V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x03, 0, 0, 0)]) },
        { "a checksum that is wrong", V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x03, 0, 0, 0, 0)]) },
        { "a checksum in the other byte order", Swapped(WithChecksum(V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x03, new byte[4])]))) },
        { "two checksums", WithChecksum(V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x03, new byte[4]), .. Tlv(0x03, new byte[4])])) },
    };

    [Theory]
    [MemberData(nameof(MalformedV2))]
    public void Parse_MalformedBytes_AreRefused(string _, byte[] header) => Assert.Equal(ReadStatus.Malformed, Parse(header).Status);

    [Fact]
    public void Parse_EveryFlippedBitUnderAChecksum_IsNeverAHeaderWithOtherAddresses()
    {
        var header = WithChecksum(V2(Proxy, 0x11, [.. AddressesV4, .. Tlv(0x03, new byte[4])]));
        Assert.Equal(V4, Parse(header).Header);
        var type = header.Length - 7;
        for (var bit = 0; bit < 8 * header.Length; bit++)
        {
            byte[] flipped = [.. header];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            // Of another type, the extension is no checksum any more; nothing else can pass.
            Assert.Equal(bit / 8 == type ? V4 : null, Parse(flipped).Header);
        }
    }

    [Fact]
    public void Crc32C_CheckValue_IsThatOfTheCatalogue() => Assert.Equal(0xE3069283, Crc32C("123456789"u8));

    // Catches: a wait for the rest of a signature that cannot come any more.
    [Theory]
    [InlineData("G")]
    [InlineData("PR0")]
    [InlineData("\r\r")]
    [InlineData("\r\n\r\n\0\r\nQUIT\r")]
    public void Parse_FirstWrongByte_IsEnough(string said) => Assert.Equal(ReadStatus.Malformed, Parse(Latin(said)).Status);

    // Catches: memory without a bound.
    [Fact]
    public void Parse_LineWithoutAnEnd_IsTooLongAtTheLongestLine()
    {
        var endless = Latin("PROXY UNKNOWN " + new string('x', 200));
        Assert.Equal(ReadStatus.Incomplete, Parse(endless.AsMemory(..106)).Status);
        Assert.Equal(ReadStatus.TooLong, Parse(endless.AsMemory(..107)).Status);
        byte[] longest = [.. endless.AsSpan(..105), 13, 10], tooLong = [.. endless.AsSpan(..106), 13, 10];
        Assert.Equal(ReadStatus.Complete, Parse(longest).Status);
        Assert.Equal(ReadStatus.TooLong, Parse(tooLong).Status);
    }

    [Theory]
    [InlineData(Proxy)]
    [InlineData(Local)]
    public void Parse_LengthFieldBeyondTheBound_IsTooLongWithoutWaitingForTheRest(byte command)
    {
        byte[] start = [.. Signature, command, 0x11, 0x0F, 0xF1];
        Assert.Equal(ReadStatus.TooLong, Parse(start).Status);
        Assert.Equal(ReadStatus.Incomplete, Parse(start.AsMemory(..15)).Status);
        start[^1] = 0xF0;
        Assert.Equal(ReadStatus.Incomplete, Parse(start).Status);
    }

    private static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Swapped(byte[] header) => [.. header[..^4], .. header[^4..].Reverse()];
}
