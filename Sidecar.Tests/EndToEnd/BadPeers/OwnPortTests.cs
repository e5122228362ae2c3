using System.Buffers.Binary;
using System.Net;
using System.Text;
using Chassis;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>Nobody reaches a sidecar's own ports through it, by whatever name: no loop, no way to its admin port, no open relay.</summary>
public sealed class OwnPortTests
{
    private static readonly string[] Ourselves =
        ["127.0.0.1", "127.0.0.2", "0.0.0.0", "localhost", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"];

    [Fact]
    public async Task P2_ToAnOwnPort_IsASelfCallByEveryName()
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "0", "--role", "p2");
        foreach (var (host, port, number) in Numbered(p2))
            await AskP2Async(p2, $"own-{number}", host, port, "self_call");
    }

    // A resolver would read these as 127.0.0.1; a host is a name or an address in its usual form, nothing between.
    [Theory]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("0177.0.0.1")]
    public async Task P2_ToAnAddressInAnotherForm_IsAProtocolError(string host)
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "0", "--role", "p2");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        await peer.SendAsync($"bonjour odd {host} {p2.Port}\n");

        await p2.EndsForAsync("protocol_error");
    }

    [Fact]
    public async Task P2_ToAPortOfOtherSidecarsEndpoints_IsNotAllowedByAnyName()
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "0", "--role", "p2", "--allow-destinations", "loopback,pod,0.0.0.0/0");
        var number = 0;
        foreach (var port in new[] { 15000, 15021, 15090, 15099 })
        {
            foreach (var host in Ourselves)
                await AskP2Async(p2, $"reserved-{++number}", host, port, "destination_not_allowed");
        }
    }

    [Fact]
    public async Task P2_ToAnAddressElsewhere_IsNotAllowedUnlessConfigured()
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "0", "--role", "p2");

        // RFC 5737 section 3: documentation addresses, which nobody has.
        await AskP2Async(p2, "elsewhere", "203.0.113.7", 80, "destination_not_allowed");
        await AskP2Async(p2, "metadata", "169.254.169.254", 80, "destination_not_allowed");
    }

    [Fact]
    public async Task P2_ToADestinationOutsideItsList_IsNotAllowed()
    {
        using var allowed = new LoopbackListener();
        using var other = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync("--listen", "0", "--role", "p2", "--allow-destinations", $"127.0.0.0/8:{allowed.Port}");

        await AskP2Async(p2, "other", "127.0.0.1", other.Port, "destination_not_allowed");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        await peer.SendAsync($"bonjour abc 127.0.0.1 {allowed.Port}\n");

        Assert.Equal("ok abc", await peer.ReadLineAsync());
        Assert.True(other.IsUntouched);
    }

    [Fact]
    public async Task Socks4_ToAnOwnPort_IsASelfCall()
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "0", "--mode", "socks4");
        foreach (var port in sidecar.EndpointPorts.Append(sidecar.Port))
        {
            foreach (var address in new[] { "127.0.0.1", "127.9.9.9", "0.0.0.0" })
                await AskSocksAsync(sidecar, Request(1, port, IPAddress.Parse(address)), "self_call");
        }
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("p1")]
    public async Task Socks4a_ToAnOwnPort_IsASelfCallByEveryName(string role)
    {
        using var p2 = new LoopbackListener();
        await using var sidecar = await RunningSidecar.StartAsync(
            ["--listen", "0", "--mode", "socks4", "--role", role, .. role == "p1" ? new[] { "--target", $"127.0.0.1:{p2.Port}" } : []]);
        foreach (var (host, port, _) in Numbered(sidecar))
            await AskSocksAsync(sidecar, Request(1, port, host), "self_call");
        Assert.True(p2.IsUntouched);
    }

    [Fact]
    public async Task Socks_Bind_IsRefusedAsTheProtocolSays()
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "0", "--mode", "socks4");

        await AskSocksAsync(sidecar, Request(2, 80, IPAddress.Loopback), "protocol_error");
    }

    [Fact]
    public async Task Socks_Version5_IsAProtocolError()
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "0", "--mode", "socks4");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAllAsync([5, 1, 0]);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        await sidecar.EndsForAsync("protocol_error");
    }

    [Fact]
    public async Task Socks_NeverWhole_EndsAtTheHandshakeLimit()
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "0", "--mode", "socks4", "--handshake-timeout", "300ms");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAsync(Request(1, 80, "localhost")[..^1]);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        await sidecar.EndsForAsync("handshake_timeout");
    }

    [Fact]
    public async Task FixedTarget_ThatIsTheListenerItself_IsRefusedAtTheStart()
    {
        using var held = new Demo.Programs.FreePorts();
        var port = held.Next();
        held.Dispose();

        var error = await Assert.ThrowsAsync<UsageException>(() => RunningSidecar.StartAsync($"{port}", "127.0.0.1", $"{port}"));

        Assert.Contains("is this sidecar itself", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transparent_NotRedirected_IsNeverGuessed()
    {
        await using var sidecar = await RunningSidecar.StartAsync("0", "nil", "nil");

        await SocketTalk.IsRefusedAsync(sidecar.Port);

        // Which of the two: whether connection tracking is on in this namespace.
        Assert.Matches("^(no_original_destination|self_call)$", (await sidecar.RecordAsync()).Reason);
    }

    private static IEnumerable<(string Host, int Port, int Number)> Numbered(RunningSidecar sidecar) =>
        sidecar.EndpointPorts.Append(sidecar.Port).SelectMany(port => Ourselves.Select(host => (host, port))).Select((pair, i) => (pair.host, pair.port, i));

    private static async Task AskP2Async(RunningSidecar p2, string id, string host, int port, string reason)
    {
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        await peer.SendAsync($"bonjour {id} {host} {port}\n");
        Assert.Equal($"fail {id}\n", await peer.ReadUntilClosedAsync());
        var record = await p2.RecordAsync(r => r.Id == id);
        Assert.True(record.Reason == reason, $"{host} {port}: {record}");
    }

    private static async Task AskSocksAsync(RunningSidecar sidecar, byte[] request, string reason)
    {
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var address = client.LocalEndPoint!.ToString();
        await client.SendAllAsync(request);
        Assert.Equal("\0\u005b\0\0\0\0\0\0", await client.ReadUntilClosedAsync());
        var record = await sidecar.RecordAsync(r => r.Text("client") == address);
        Assert.True(record.Reason == reason, $"{record}");
    }

    private static byte[] Request(byte command, int port, IPAddress address)
    {
        byte[] request = [4, command, 0, 0, .. address.GetAddressBytes(), (byte)'m', (byte)'e', 0];
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), (ushort)port);
        return request;
    }

    private static byte[] Request(byte command, int port, string host) =>
        [.. Request(command, port, new IPAddress([0, 0, 0, 1])), .. Encoding.ASCII.GetBytes(host), 0];
}
