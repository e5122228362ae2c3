using System.Net;
using Sidecar.Destination;
using Xunit;

namespace Sidecar.Tests.Destination;

public sealed class OriginalDestinationReaderTests
{
    [Fact]
    public void Parse_SockaddrIn_ReadsPortAndAddressInNetworkOrder()
    {
        byte[] sockaddr = [2, 0, 0x23, 0x28, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(IPEndPoint.Parse("10.1.2.3:9000"), OriginalDestinationReader.Parse(sockaddr, isV6: false)?.EndPoint);
    }

    [Fact]
    public void Parse_SockaddrIn6_ReadsBehindTheFlowLabel()
    {
        byte[] sockaddr = [10, 0, 0x23, 0x28, 9, 9, 9, 9, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 3, 0, 0, 0];
        var endPoint = OriginalDestinationReader.Parse(sockaddr, isV6: true)?.EndPoint;
        Assert.Equal("fd00::7", new IPAddress(endPoint!.Address.GetAddressBytes()).ToString());
        Assert.Equal(3, endPoint.Address.ScopeId);
        Assert.Equal(9000, endPoint.Port);
    }

    [Theory]
    [InlineData(15, false)]
    [InlineData(0, false)]
    [InlineData(27, true)]
    [InlineData(16, true)]
    public void Parse_ShorterThanItsStructure_IsNone(int length, bool isV6) =>
        Assert.Null(OriginalDestinationReader.Parse(new byte[length], isV6));
}
