using System.Net.Sockets;
using Sidecar.Tests.Support;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>A client and a service that have talked through a sidecar of role alone.</summary>
internal sealed class Talk : IAsyncDisposable
{
    private readonly LoopbackListener _service;

    private Talk(LoopbackListener service, RunningSidecar sidecar, Socket client, Socket served) =>
        (_service, Sidecar, Client, Served) = (service, sidecar, client, served);

    public RunningSidecar Sidecar { get; }

    public Socket Client { get; }

    /// <summary>The service's end.</summary>
    public Socket Served { get; }

    public static async Task<Talk> OpenAsync(string transport, params IEnumerable<string> options)
    {
        var service = new LoopbackListener();
        var sidecar = await RunningSidecar.AloneAsync(
            service.Port, ["--transport", transport, .. options]);
        var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var served = await service.AcceptAsync();
        await client.SendAsync("ping");
        Assert.Equal("ping", await served.ReadTextAsync(4));
        await served.SendAsync("pong");
        Assert.Equal("pong", await client.ReadTextAsync(4));
        return new Talk(service, sidecar, client, served);
    }

    /// <summary>The one of the two ends, and the other.</summary>
    public (Socket That, Socket Other) Ends(bool client) => client ? (Client, Served) : (Served, Client);

    /// <summary>
    /// One end sends the <see cref="Pattern"/> until nobody takes any more, which the sidecar's own counts show: bytes that it
    /// holds. The end must not be read meanwhile.
    /// </summary>
    /// <returns>How many bytes the end has sent.</returns>
    public async Task<long> FillAsync(Socket source, long from = 0)
    {
        var position = from;
        for (var full = 0; full < 5;)
        {
            var sent = Pattern.TrySend(source, position);
            position += sent;
            full = sent == 0 && await HeldAsync(source) > 0 ? full + 1 : 0;
            if (sent == 0)
                await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return position - from;
    }

    /// <summary>
    /// One end sends the <see cref="Pattern"/> until the sidecar holds some of it, because the other's kernel takes no more; the
    /// sidecar's own has all of it then.
    /// </summary>
    /// <returns>How many bytes the end has sent.</returns>
    public async Task<long> SendUntilHeldAsync(Socket source)
    {
        const int piece = 64 * 1024;
        var count = 0L;
        for (; await HeldAsync(source) == 0; count += piece)
        {
            await Pattern.SendAsync(source, piece, count);
            await AllHasArrivedAsync(source);
        }

        return count;
    }

    /// <summary>How many bytes that came from one end the sidecar has received and not sent yet.</summary>
    public async Task<long> HeldAsync(Socket source)
    {
        var connection = Assert.Single(await Sidecar.Admin.ConnectionsAsync());
        var (received, sent) = source == Client ? ("downstream_received", "upstream_sent") : ("upstream_received", "downstream_sent");
        return connection.GetProperty(received).GetInt64() - connection.GetProperty(sent).GetInt64();
    }

    /// <summary>What the sidecar says that it does with the connection.</summary>
    public async Task<string?> StateAsync() => Assert.Single(await Sidecar.Admin.ConnectionsAsync()).GetProperty("state").GetString();

    /// <summary>Waits until the sidecar's kernel has all that an end has sent: from then on a reset of the end takes none of it back.</summary>
    public static Task AllHasArrivedAsync(Socket source) =>
        Eventually.TrueAsync(() => Libc.Unsent((int)source.Handle) == 0, () => $"{Libc.Unsent((int)source.Handle)} bytes did not arrive");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Sidecar.DisposeAsync();
        _service.Dispose();
    }
}
