using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Oracle.Protocol;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Options;
using Xunit;
using static Sidecar.Tests.Handshakes.ProxyProtocol.HeaderBytes;

namespace Sidecar.Tests.Handshakes.ProxyProtocol;

public sealed class ProxyHeaderWriterTests
{
    // Runs of zeros make the short forms of IPv6, and the v4-mapped and v4-compatible ones.
    private static readonly Gen<IPEndPoint> EndPoints =
        from length in Gen.Elements(4, 16)
        from bytes in ArbMap.Default.GeneratorFor<byte>().ArrayOf(length)
        from zeros in Gen.Choose(0, length)
        from mapped in Gen.Elements(false, true)
        from port in ArbMap.Default.GeneratorFor<ushort>()
        select new IPEndPoint(new IPAddress(WithZeros(bytes, zeros, mapped)), port);

    [Theory]
    [InlineData("10.0.0.1:4000", "10.0.0.2:80", "PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\n")]
    [InlineData("[fd00::1]:4000", "[fd00::2]:80", "PROXY TCP6 fd00::1 fd00::2 4000 80\r\n")]
    [InlineData("[::ffff:10.0.0.1]:4000", "[::ffff:10.0.0.2]:80", "PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\n")]
    [InlineData("10.0.0.1:4000", "[fd00::2]:80", "PROXY TCP6 0:0:0:0:0:ffff:a00:1 fd00::2 4000 80\r\n")]
    [InlineData("[fd00::1]:4000", "10.0.0.2:80", "PROXY TCP6 fd00::1 0:0:0:0:0:ffff:a00:2 4000 80\r\n")]
    [InlineData("[fe80::1%7]:1", "[fe80::2%7]:2", "PROXY TCP6 fe80::1 fe80::2 1 2\r\n")]
    public void WriteV1_EachPairOfFamilies_IsOneLineOfOneFamily(string source, string destination, string line) =>
        Assert.Equal(line, Encoding.ASCII.GetString(Written(Of(source, destination), ProxyVersion.V1)));

    [Fact]
    public void WriteV2_EachFamily_IsTheSpecificationsBytes()
    {
        Assert.Equal(V2(0x21, 0x11, AddressesV4), Written(V4, ProxyVersion.V2));
        Assert.Equal(V2(0x21, 0x21, AddressesV6), Written(V6, ProxyVersion.V2));
        Assert.Equal(V2(0x21, 0x11, AddressesV4), Written(Of("[::ffff:10.0.0.1]:4000", "[::ffff:10.0.0.2]:80"), ProxyVersion.V2));
        byte[] mixed = [.. new byte[10], 0xFF, 0xFF, 10, 0, 0, 1, .. AddressesV6[16..]];
        Assert.Equal(V2(0x21, 0x21, mixed), Written(Of("10.0.0.1:4000", "[fd00::2]:80"), ProxyVersion.V2));
    }

    [Theory]
    [InlineData(ProxyVersion.V1)]
    [InlineData(ProxyVersion.V2)]
    public void Write_AnyEndPoints_AreReadBackTheSame(ProxyVersion version) =>
        Check.QuickThrowOnFailure(Prop.ForAll(EndPoints.Two().ToArbitrary(), ends =>
        {
            var header = ProxyHeader.Of(ends.Item1, ends.Item2);
            var wire = Written(header, version);
            byte[] more = [.. wire, .. "\r\nPROXY "u8];
            return HeaderBytes.Parse(more.AsMemory()) == (ReadStatus.Complete, wire.Length, header)
                && wire.Length <= (version == ProxyVersion.V1 ? ProxyHeaderV1.MaxLength : 52)
                && !(version == ProxyVersion.V1 && Encoding.ASCII.GetString(wire) is ['P', _, _, _, _, _, 'T', 'C', 'P', '6', .. var rest] && rest.Contains('.'));
        }));

    private static ProxyHeader Of(string source, string destination) => ProxyHeader.Of(IPEndPoint.Parse(source), IPEndPoint.Parse(destination));

    private static byte[] WithZeros(byte[] bytes, int zeros, bool mapped)
    {
        bytes.AsSpan(0, zeros).Clear();
        if (mapped && bytes.Length == 16)
            ((byte[])[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]).CopyTo(bytes, 0);
        return bytes;
    }
}
