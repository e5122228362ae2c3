using System.Net;
using System.Text;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Routes of a transparent outbound listener, with real rules: the destination is what the application connected to.</summary>
public sealed class RoutedPodTests : IAsyncLifetime
{
    private const string Client = """
        timeouts: {handshake: 20s, connect: 20s}
        listeners:
          - name: out
            listen: "[::]:45000"
            role: outbound
            transform: not
            routes:
              - {destination: "*:9103", action: deny}
              - {destination: ["10.77.0.2:9100", "[fd00:77::2]:9100"], action: peer}
              - {destination: ["10.77.0.0/24:9104", "[fd00:77::/64]:9104"], action: peer, fallback: plain}
          - {name: in, listen: "[::]:45001", role: inbound}
        """;

    private const string Server = """
        timeouts: {handshake: 20s, connect: 20s}
        listeners:
          - {name: out, listen: "[::]:45000", role: outbound}
          - name: in
            listen: "[::]:45001"
            role: inbound
            transform: not
            ports: [{port: [9102, 9104], peers: plain}]
        """;

    private Pod? _client;
    private Pod? _server;

    public async ValueTask InitializeAsync()
    {
        RootTools.Require();
        _client = new Pod(await NetworkNamespace.CreateAsync(), 1, Client);
        _server = new Pod(await NetworkNamespace.CreateAsync(), 2, Server);
        await NetworkNamespace.JoinAsync(_client.Space, _server.Space);
        await Task.WhenAll(_client.StartAsync(), _server.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pod in new[] { _client, _server })
        {
            if (pod is not null)
                await pod.DisposeAsync();
        }
    }

    [Fact]
    public async Task Connection_OfAnApplication_GoesAsItsRouteSays()
    {
        foreach (var address in new[] { _server!.V4, _server.V6 })
        {
            Assert.Equal(("greeted", "not"), await EchoAsync(address, 9100));
            // No route matches it.
            Assert.Equal(("plain", "idt"), await EchoAsync(address, 9102));
            // The service echoes the greeting, which is no answer; the second connection is the client's.
            Assert.Equal(("plain", "idt"), await EchoAsync(address, 9104));

            _client!.ForgetRecords();
            await SocketTalk.IsRefusedAsync(() => _client.ConnectAsync(address, 9103));
            Assert.Equal("destination_not_allowed", (await _client.RecordAsync("out", _ => true)).Reason);
        }
    }

    private async Task<(string? Session, string? Transform)> EchoAsync(IPAddress address, int port)
    {
        _client!.ForgetRecords();
        await using var service = new PodServer(_server!.Space.Listen(port), async (socket, stop) =>
        {
            var line = new byte[100];
            var read = await socket.ReceiveAsync(line, stop);
            await PodServer.SendAsync(socket, Encoding.ASCII.GetString(line, 0, read), stop);
            socket.Finish();
        });
        using var client = await _client.ConnectAsync(address, port);
        await client.SendAsync("ping\n");
        Assert.Equal("ping", await client.ReadLineAsync());
        client.Finish();
        Assert.Equal("", await client.ReadUntilClosedAsync());
        var record = await _client.RecordAsync("out", _ => true);
        Assert.Equal("completed", record.Reason);
        return (record.Text("session"), record.Text("transform"));
    }
}
