using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>What the programs in the kernel leave out by themselves.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class EbpfRulesTests
{
    private const int Port = 28_080;

    public static TheoryData<string, string, bool> FirstBytes => new()
    {
        // The client's bytes, the server's (sent first if the client has none), and whether it may be HTTP.
        { "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", true },
        { "\r\nGET / HTTP/1.1\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", true },
        { "M-SEARCH * HTTP/1.1\r\n\r\n", "\u0001\u0002\u0003", true },
        { "G", "HTTP/1.1 400 Bad Request\r\n\r\n", true },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0\u0004\0\0\0\0\0", true },
        { "", "HTTP/1.1 408 Request Timeout\r\n\r\n", true },
        { "", "\0\0\u0006\u0004\0\0\0\0\0\0\u0003\0\0\0d", true },
        { "", "220 mail.example ESMTP\r\n", false },
        { "", "\0\0\u0005\u0004\0\0\0\0\0aaaaa", false },
        { "\u0016\u0003\u0001\u0002\0\u0001\0\u0001", "\u0016\u0003\u0003", false },
        { "*1\r\n$4\r\nPING\r\n", "+PONG\r\n", false },
        { " GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", false },
        { "AWordOfMoreThanTwentyFourLetters ", "x", false },
        { "SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-x\r\n", false },
    };

    [Theory]
    [MemberData(nameof(FirstBytes))]
    public async Task Connection_WithOtherFirstBytes_Disappears(string request, string answer, bool mayBeHttp)
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        var collector = new Collector();
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [Port] });
        using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Loopback, Port);
        if (request.Length > 0)
            await connection.Client.SendAllAsync(Encoding.Latin1.GetBytes(request));
        await connection.Server.ReadAsync(request.Length);
        await connection.TalkAsync([], Encoding.Latin1.GetBytes(answer));
        await connection.TalkAsync("later"u8.ToArray(), "too"u8.ToArray());
        var expected = mayBeHttp ? (request.Length + 5, answer.Length + 3) : (0, 0);
        await Quiet.AfterAsync(collector);

        Assert.Equal(expected, (collector.Bytes(connection.ClientEnd, connection.ServerEnd).Length, collector.Bytes(connection.ServerEnd, connection.ClientEnd).Length));
        // The beginning is always there, once; an acknowledgement never.
        Assert.Equal(2, collector.Of(connection.ClientEnd.Port).Count(packet => (packet.Flags & Seen.Syn) != 0));
        Assert.DoesNotContain(collector.Of(Port), packet => packet.Payload == 0 && (packet.Flags & (Seen.Syn | Seen.Fin | Seen.Rst)) == 0);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Ignored_Connection_IsSeenNoMore_AndAnotherOneIs(string server)
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        var collector = new Collector();
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [Port] });
        using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Parse(server), Port);
        using var other = await Exchange.ConnectAsync(space, space, IPAddress.Parse(server), Port);
        await connection.TalkAsync();
        await Quiet.AfterAsync(collector);
        Assert.Equal(Exchange.Answer.Length, collector.Bytes(connection.ServerEnd, connection.ClientEnd).Length);

        capture.Source.Ignore(connection.ClientEnd, connection.ServerEnd);
        await connection.TalkAsync();
        await other.TalkAsync();
        connection.Client.Finish();
        await Quiet.AfterAsync(collector);

        Assert.Equal(Exchange.Answer.Length, collector.Bytes(connection.ServerEnd, connection.ClientEnd).Length);
        Assert.Equal(4, collector.Of(connection.ClientEnd.Port).Count());
        Assert.Equal(Exchange.Answer, collector.Bytes(other.ServerEnd, other.ClientEnd).ToArray());
    }

    [Fact]
    public async Task Connection_OfBefore_IsSeenFromThenOn()
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Loopback, Port);
        await connection.TalkAsync();
        var collector = new Collector();
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [Port] });
        await connection.TalkAsync(RandomNumberGenerator.GetBytes(100));
        await Quiet.AfterAsync(collector);

        Assert.Equal([100, Exchange.Answer.Length], collector.Seen.Select(packet => packet.Payload));
    }
}
