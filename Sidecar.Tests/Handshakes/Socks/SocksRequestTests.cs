using System.Buffers;
using Oracle.Protocol;
using Sidecar.Handshakes.Socks;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Handshakes.Socks;

public sealed class SocksRequestTests
{
    // VN, CD, port 80, address 10.1.2.3, user id "me".
    private static readonly byte[] Socks4 = [4, 1, 0, 80, 10, 1, 2, 3, (byte)'m', (byte)'e', 0];
    private static readonly byte[] Socks4a = [4, 1, 1, 187, 0, 0, 0, 1, 0, .. "example.test"u8, 0];

    public static TheoryData<byte[], string> Requests => new()
    {
        { Socks4, "10.1.2.3:80" },
        { Socks4a, "example.test:443" },
        // 0.0.0.0 is an address, not the mark of SOCKS4a.
        { [4, 1, 0, 80, 0, 0, 0, 0, 0], "0.0.0.0:80" },
        { [4, 1, 0, 80, 0, 0, 1, 1, 0], "0.0.1.1:80" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void Parse_SplitAtEveryByte_IsIncompleteUntilItsEnd(byte[] wire, string destination)
    {
        for (var length = 0; length < wire.Length; length++)
            Assert.Equal(ReadStatus.Incomplete, SocksRequest.Parse(new ReadOnlySequence<byte>(wire[..length]), out _, out _));
        for (var split = 0; split <= wire.Length; split++)
        {
            var buffer = Bytes.Segmented(wire.AsMemory(..split), wire.AsMemory(split..), "GET /"u8.ToArray());
            Assert.Equal(ReadStatus.Complete, SocksRequest.Parse(buffer, out var consumed, out var request));
            Assert.Equal(destination, request.Destination.ToString());
            Assert.Equal("GET /"u8.ToArray(), buffer.Slice(consumed).ToArray());
        }
    }

    [Fact]
    public void Parse_Bind_IsARequestOfItsOwn()
    {
        byte[] wire = [4, 2, .. Socks4[2..]];
        Assert.Equal(ReadStatus.Complete, SocksRequest.Parse(new ReadOnlySequence<byte>(wire), out _, out var request));
        Assert.Equal(2, request.Command);
    }

    public static TheoryData<byte[], string> Hostile => new()
    {
        { [5, 1, 0], "SOCKS5" },
        { [(byte)'G'], "HTTP" },
        { [0], "version 0" },
        { [4, 3, 0, 80, 1, 2, 3, 4, 0], "unknown command" },
        { [4, 1, 0, 0, 1, 2, 3, 4, 0], "port 0" },
        { [4, 1, 0, 80, 0, 0, 0, 9, 0, 0], "empty name" },
        { [4, 1, 0, 80, 0, 0, 0, 9, 0, .. "a b"u8, 0], "space in a name" },
        { [4, 1, 0, 80, 0, 0, 0, 9, 0, .. "a\nbonjour x"u8, 0], "line feed in a name" },
        { [4, 1, 0, 80, 0, 0, 0, 9, 0, 0xff, 0xfe, 0], "bytes that are not ASCII" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Parse_WhatIsNoRequest_IsMalformedAtOnce(byte[] wire, string what)
    {
        Assert.True(SocksRequest.Parse(new ReadOnlySequence<byte>(wire), out _, out _) == ReadStatus.Malformed, what);
    }

    [Fact]
    public void Parse_TextWithoutEnd_IsTooLongWithinItsBound()
    {
        byte[] userId = [.. Socks4[..8], .. Enumerable.Repeat((byte)'u', 256)];
        byte[] host = [.. Socks4a[..9], .. Enumerable.Repeat((byte)'h', 256)];
        Assert.Equal(ReadStatus.Incomplete, SocksRequest.Parse(new ReadOnlySequence<byte>(userId[..^1]), out _, out _));
        Assert.Equal(ReadStatus.TooLong, SocksRequest.Parse(new ReadOnlySequence<byte>(userId), out _, out _));
        Assert.Equal(ReadStatus.TooLong, SocksRequest.Parse(new ReadOnlySequence<byte>(host), out _, out _));
        Assert.Equal(ReadStatus.TooLong, SocksRequest.Parse(new ReadOnlySequence<byte>([.. host, 0]), out _, out _));
    }

    [Fact]
    public void Parse_MutatedRequests_NeverThrowAndAgreeForEverySegmentation()
    {
        const int seed = 4004;
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            var wire = (byte[])(random.Next(2) == 0 ? Socks4 : Socks4a).Clone();
            for (var i = random.Next(1, 4); i > 0; i--)
                wire[random.Next(wire.Length)] = (byte)random.Next(256);
            var split = random.Next(wire.Length + 1);
            var whole = SocksRequest.Parse(new ReadOnlySequence<byte>(wire), out _, out var request);
            var parts = SocksRequest.Parse(Bytes.Segmented(wire.AsMemory(..split), wire.AsMemory(split..)), out _, out var again);
            Assert.True(whole == parts && request?.Destination == again?.Destination, $"seed {seed}, round {round}: {Convert.ToHexString(wire)}");
        }
    }
}
