using System.Net;
using Sidecar.Net;
using Xunit;

namespace Sidecar.Tests.Net;

public sealed class KernelAddressTests
{
    [Fact]
    public void Read_SockaddrIn_TakesPortAndAddressInNetworkOrder()
    {
        byte[] sockaddr = [2, 0, 0x23, 0x28, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(IPEndPoint.Parse("10.1.2.3:9000"), KernelAddress.Read(sockaddr));
    }

    [Fact]
    public void Read_SockaddrIn6_TakesTheAddressBehindTheFlowLabel()
    {
        byte[] sockaddr = [10, 0, 0x23, 0x28, 9, 9, 9, 9, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 3, 0, 0, 0];
        var endPoint = KernelAddress.Read(sockaddr);
        Assert.Equal("fd00::7", new IPAddress(endPoint!.Address.GetAddressBytes()).ToString());
        Assert.Equal(3, endPoint.Address.ScopeId);
        Assert.Equal(9000, endPoint.Port);
    }

    [Fact]
    public void Read_MappedAddress_IsIPv4()
    {
        var sockaddr = new byte[KernelAddress.MaxLength];
        var length = KernelAddress.Write(IPEndPoint.Parse("[::ffff:10.1.2.3]:80"), sockaddr);
        Assert.Equal(IPEndPoint.Parse("10.1.2.3:80"), KernelAddress.Read(sockaddr.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(2, 15)]
    [InlineData(2, 0)]
    [InlineData(10, 27)]
    [InlineData(10, 16)]
    [InlineData(1, 28)]
    [InlineData(0, 28)]
    public void Read_CutShortOrOfAnotherFamily_IsNone(byte family, int length)
    {
        byte[] sockaddr = [family, .. new byte[KernelAddress.MaxLength - 1]];
        Assert.Null(KernelAddress.Read(sockaddr.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("255.254.253.252:65535")]
    [InlineData("[::]:1")]
    [InlineData("[fe80::1:2:3:4%7]:45000")]
    public void Write_ThenRead_IsTheSame(string endPoint)
    {
        var sockaddr = Enumerable.Repeat((byte)0xff, KernelAddress.MaxLength).ToArray();
        var length = KernelAddress.Write(IPEndPoint.Parse(endPoint), sockaddr);
        Assert.Equal(IPEndPoint.Parse(endPoint), KernelAddress.Read(sockaddr.AsSpan(0, length)));
    }
}
