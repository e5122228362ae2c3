using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Connections;

/// <summary>An inbound sidecar in one network namespace and its clients in another: what loopback cannot show.</summary>
[SystemTest]
public sealed class FarClientTests : IAsyncLifetime
{
    private const int User = 1337;
    private const int Port = 45001;

    private static readonly IPAddress OwnV4 = IPAddress.Parse("10.77.0.1");
    private static readonly IPAddress OwnV6 = IPAddress.Parse("fd00:77::1");

    private readonly List<IAsyncDisposable> _live = [];
    private NetworkNamespace? _pod;
    private NetworkNamespace? _far;
    private Socket? _service;

    public async ValueTask InitializeAsync()
    {
        RootTools.Require();
        _live.Add(_pod = await NetworkNamespace.CreateAsync());
        _live.Add(_far = await NetworkNamespace.CreateAsync());
        await NetworkNamespace.JoinAsync(_pod, _far);
        await _pod.RunAsync($"ip address add {OwnV4}/24 dev wire; ip address add {OwnV6}/64 dev wire nodad; ip link set wire up; ip route add fd00:78::/64 dev wire");
        await _far.RunAsync("""
            ip link set wire up
            for address in 10.77.0.2/24 10.77.0.3/24; do ip address add $address dev wire; done
            for address in fd00:77::2/64 fd00:77::3/64 fd00:78::2/64; do ip address add $address dev wire nodad; done
            """);
        _service = _pod.Listen(9000);
    }

    public async ValueTask DisposeAsync()
    {
        _service?.Dispose();
        foreach (var live in Enumerable.Reverse(_live))
            await live.DisposeAsync();
    }

    [Theory]
    [InlineData("epoll", "10.77.0.2", "10.77.0.2", "10.77.0.3")]
    [InlineData("sockets", "10.77.0.2", "10.77.0.2", "10.77.0.3")]
    [InlineData("epoll", "fd00:77::2", "fd00:77::3", "fd00:78::2")]
    public async Task Client_WithAllOfItsPlaces_IsResetAndOthersAreServed(string transport, string client, string same, string other)
    {
        var sidecar = await SidecarAsync("--transport", transport, "--max-client-connections", "2", "--handshake-timeout", "10m");
        using var first = await ConnectAsync(client);
        using var second = await ConnectAsync(same);
        Assert.Equal("ok a", await GreetAsync(first));

        using var third = await ConnectAsync(client);
        await third.IsResetAsync();

        using var another = await ConnectAsync(other);
        Assert.Equal("ok a", await GreetAsync(another));
        // The own pod, at its own address, has no limit.
        for (var i = 0; i < 3; i++)
        {
            var own = client.Contains(':', StringComparison.Ordinal) ? OwnV6 : OwnV4;
            var near = await _pod!.ConnectAsync(own, Port, user: 1339, source: own);
            _live.Add(new Closing(near));
            Assert.Equal("ok a", await GreetAsync(near));
        }

        await Eventually.TrueAsync(() => sidecar.Output.Count(line => line.Contains("\"client_limit\"", StringComparison.Ordinal)) == 1);
    }

    // Nothing ever comes from a peer whose machine or line is gone, not even a reset.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Client_WhoseLineIsCut_IsNoticedByProbes(string transport)
    {
        var sidecar = await SidecarAsync("--transport", transport, "--tcp-keep-alive", "1s");
        using var client = await ConnectAsync("10.77.0.2");
        Assert.Equal("ok a", await GreetAsync(client));
        using var served = await _service!.AcceptAsync(TestContext.Current.CancellationToken);

        await _far!.RunAsync("ip link set wire down");

        // 1 s of silence and 6 probes, a second apart.
        await served.IsResetAsync();
        await Eventually.TrueAsync(() => sidecar.Output.Any(line => line.Contains("\"client_reset\"", StringComparison.Ordinal)));
    }

    private async Task<ProgramProcess> SidecarAsync(params string[] options)
    {
        var sidecar = _pod!.Start(User, "Sidecar", ["--listen", $"[::]:{Port}", "--role", "inbound", "--target", "127.0.0.1:9000", .. options]);
        _live.Add(sidecar);
        await sidecar.ErrorLineAsync("Serving admin");
        return sidecar;
    }

    private Task<Socket> ConnectAsync(string source) =>
        _far!.ConnectAsync(source.Contains(':', StringComparison.Ordinal) ? OwnV6 : OwnV4, Port, user: 1339, source: IPAddress.Parse(source));

    private static async Task<string> GreetAsync(Socket client)
    {
        await client.SendAsync("bonjour a\n");
        return await client.ReadLineAsync();
    }

    private sealed class Closing(IDisposable held) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            held.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
