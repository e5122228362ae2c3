using System.Net;
using System.Net.Sockets;
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
        var collector = new Collector(space);
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
        var collector = new Collector(space);
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [Port] });
        using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Parse(server), Port);
        using var other = await Exchange.ConnectAsync(space, space, IPAddress.Parse(server), Port);
        await connection.TalkAsync();
        await Quiet.AfterAsync(collector);
        Assert.Equal(Exchange.Answer.Length, collector.Bytes(connection.ServerEnd, connection.ClientEnd).Length);

        capture.Source.Ignore(connection.ClientEnd, connection.ServerEnd, collector.Of(connection.ClientEnd.Port).First().Network);
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
        var collector = new Collector(space);
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [Port] });
        await connection.TalkAsync(RandomNumberGenerator.GetBytes(100));
        await Quiet.AfterAsync(collector);

        Assert.Equal([100, Exchange.Answer.Length], collector.Seen.Select(packet => packet.Payload));
    }

    // Packets out have the translated address, those in do not: as the socket has it, both directions are of one connection.
    [Fact]
    public async Task Redirected_Connection_HasTheAddressesOfItsSockets()
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        await space.RunAsync("ip route add local 198.51.100.0/24 dev lo && iptables -t nat -A OUTPUT -p tcp -d 198.51.100.7 --dport 80 -j REDIRECT --to-ports 28080");
        var collector = new Collector(space);
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [80, Port] });
        using var listener = space.Listen(Port);
        var accepted = listener.AcceptAsync(TestContext.Current.CancellationToken);
        using var connection = new Exchange(await space.ConnectAsync(IPAddress.Parse("198.51.100.7"), 80, user: 0), await accepted);
        await connection.TalkAsync();
        await Quiet.AfterAsync(collector);

        Assert.Equal(80, connection.ServerEnd.Port);
        Assert.Equal([Exchange.Request.Length], Payloads(connection.ClientEnd.Port, 80));
        Assert.Equal([Exchange.Answer.Length], Payloads(80, connection.ClientEnd.Port));
        Assert.Equal([Exchange.Request.Length], Payloads(connection.ClientEnd.Port, Port));
        Assert.Equal([Exchange.Answer.Length], Payloads(Port, connection.ClientEnd.Port));

        IEnumerable<int> Payloads(int from, int to) => collector.Seen.Where(packet => packet.From.Port == from && packet.To.Port == to && packet.Payload > 0).Select(packet => packet.Payload);
    }

    // Pods have the same loopback, and often the same ports on it.
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Connections_OfTwoNamespaces_WithTheSameEnds_AreTwo(string loopback)
    {
        RootTools.Require();
        await using var one = await NetworkNamespace.CreateAsync();
        await using var other = await NetworkNamespace.CreateAsync();
        var (ofOne, ofOther) = (new Collector(one), new Collector(other));
        using var first = RunningCapture.Start(CaptureKind.Ebpf, ofOne, new() { ServerPorts = [Port] });
        using var second = RunningCapture.Start(CaptureKind.Ebpf, ofOther, new() { ServerPorts = [Port] });
        using var here = await ConnectAsync(one);
        await here.TalkAsync();
        using var there = await ConnectAsync(other);
        await there.TalkAsync("GET /other HTTP/1.1\r\n\r\n"u8.ToArray(), "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray());
        await here.TalkAsync();
        await Quiet.AfterAsync(ofOne);
        Assert.SkipWhen(ofOne.Of(Port).First().Network == 0, "the kernel does not tell the namespaces of packets (Linux 6.15)");

        Assert.Equal(here.ClientEnd, there.ClientEnd);
        Assert.Equal(2 * Exchange.Request.Length, ofOne.Bytes(here.ClientEnd, here.ServerEnd).Length);
        Assert.Equal(2 * Exchange.Answer.Length, ofOne.Bytes(here.ServerEnd, here.ClientEnd).Length);
        Assert.Equal("GET /other HTTP/1.1\r\n\r\n"u8, ofOther.Bytes(there.ClientEnd, there.ServerEnd).Span);

        async Task<Exchange> ConnectAsync(NetworkNamespace space)
        {
            using var listener = space.Listen(Port);
            var accepted = listener.AcceptAsync(TestContext.Current.CancellationToken);
            var client = NamespaceThread.Run(space.Name, user: 0, group: 0, () =>
            {
                var address = IPAddress.Parse(loopback);
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(address, 40_001));
                socket.Connect(address, Port);
                return socket;
            });
            return new Exchange(client, await accepted);
        }
    }
}
