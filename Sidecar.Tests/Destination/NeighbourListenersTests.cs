using System.Net;
using System.Net.Sockets;
using Sidecar.Destination;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Destination;

[SystemTest]
public sealed class NeighbourListenersTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Contain_AListenerOfAnotherSidecar_OnLocalAddressesAlone()
    {
        await using var other = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--target", "127.0.0.1:9");
        var neighbours = new NeighbourListeners(_time);

        Assert.True(neighbours.Contain(new IPEndPoint(IPAddress.Loopback, other.Port)));
        Assert.True(neighbours.Contain(new IPEndPoint(IPAddress.IPv6Any, other.Port)));
        Assert.False(neighbours.Contain(new IPEndPoint(IPAddress.Parse("192.0.2.1"), other.Port)));
        Assert.False(neighbours.Contain(new IPEndPoint(IPAddress.Loopback, other.Port == 1 ? 2 : 1)));
    }

    [Fact]
    public void Contain_AListenerThatCameOrWent_IsNoticedWithinASecond()
    {
        const int port = 3;
        var neighbours = new NeighbourListeners(_time);
        var address = new IPEndPoint(IPAddress.Loopback, port);
        Assert.False(neighbours.Contain(address));

        using (var announced = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            announced.Bind(NeighbourListeners.NameOf(port));
            announced.Listen();
            Assert.False(neighbours.Contain(address));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(neighbours.Contain(address));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(neighbours.Contain(address));
    }

    [Fact]
    public async Task Contain_WhatAnotherUserAnnounces_DoesNotCount()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("needs root, to be two users");
        const int port = 4;
        const string announce = "import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0sidecar/listener/4'); s.listen(); print('there', flush=True); s.accept(); s.accept()";
        await using var stranger = ProgramProcess.StartCommand("setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c", announce);
        await Eventually.TrueAsync(() => stranger.Output.Count > 0);

        Assert.False(new NeighbourListeners(_time).Contain(new IPEndPoint(IPAddress.Loopback, port)));
    }

    [Theory]
    [InlineData("p2")]
    [InlineData("alone")]
    public async Task Circle_OfTwoSidecars_EndsAtTheFirstHop(string role)
    {
        string[] asks = role == "p2" ? ["--role", "p2", "--allow-destinations", "loopback"] : ["--mode", "socks4"];
        await using var a = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", .. asks]);
        await using var b = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", .. asks]);
        using var client = await SocketTalk.ConnectAsync(a.Port);

        if (role == "p2")
            await client.SendAsync($"bonjour c 127.0.0.1 {b.Port}\n");
        else
            await client.SendAllAsync(new byte[] { 4, 1, (byte)(b.Port >> 8), (byte)b.Port, 127, 0, 0, 1, 0 });

        await a.EndsForAsync("self_call");
    }
}
