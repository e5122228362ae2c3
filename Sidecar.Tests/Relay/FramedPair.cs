using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Tests.Support;
using Sidecar.Tests.Transport.Epoll;
using Sidecar.Transform;
using Sidecar.Transport.Sockets;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>
/// Two relays with a framing codec between a client and a server, all over real sockets. The wire between the two is the test's: it may
/// deliver in pieces of any size, end or be reset anywhere.
/// </summary>
internal sealed class FramedPair : IAsyncDisposable
{
    /// <summary>Bytes of a full block, no divisor of any buffer's size.</summary>
    public const int BlockSize = 4_999;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly RunningLoop? _loop;
    private readonly List<(ConnectionContext Connection, Socket Peer)> _sides = [];
    private readonly List<Task> _wire = [];
    private Task _relays = Task.CompletedTask;

    private FramedPair(TransportKind transport) => _loop = transport == TransportKind.Epoll ? new RunningLoop() : null;

    public Socket Client => _sides[0].Peer;

    /// <summary>The wire's end at the client's relay.</summary>
    public Socket NearWire => _sides[1].Peer;

    /// <summary>The wire's end at the server's relay.</summary>
    public Socket FarWire => _sides[2].Peer;

    public Socket Server => _sides[3].Peer;

    /// <summary>Of the client's relay, a p1's.</summary>
    public ConnectionInfo Near { get; private set; } = null!;

    /// <summary>Of the server's relay, a p2's.</summary>
    public ConnectionInfo Far { get; private set; } = null!;

    public FramingEncoder Requests { get; } = new(BlockSize, FramingEncoder.Mark);

    public FramingDecoder RequestsRead { get; } = new();

    public static async Task<FramedPair> StartAsync(TransportKind transport)
    {
        var pair = new FramedPair(transport);
        for (var side = 0; side < 4; side++)
            pair._sides.Add(await pair.ConnectAsync());
        pair.Near = Stage.Open(pair._sides[0].Connection, Stage.Listener(SidecarRole.Outbound));
        pair.Far = Stage.Open(pair._sides[2].Connection, Stage.Listener(SidecarRole.Inbound));
        var near = new CodecPair(pair.Requests, new FramingDecoder());
        var far = new CodecPair(pair.RequestsRead, new FramingEncoder(BlockSize, FramingEncoder.Mark));
        pair._relays = Task.WhenAll(pair.RelayAsync(0, pair.Near, near), pair.RelayAsync(2, pair.Far, far));
        return pair;
    }

    /// <summary>Bytes on the wire for so many plain ones: four more for each block, and the end.</summary>
    public static long Framed(long plain) => plain + (4 * ((plain + BlockSize - 1) / BlockSize)) + 4;

    /// <summary>Joins the wire's ends: bytes pass in pieces of any size up to a limit, ends and resets as they are.</summary>
    public void Join(int largestPiece)
    {
        _wire.Add(CopyAsync(NearWire, FarWire, new Random(1), largestPiece));
        _wire.Add(CopyAsync(FarWire, NearWire, new Random(2), largestPiece));
    }

    /// <summary>Both relays have ended, and their connections are closed.</summary>
    public Task EndAsync() => _relays;

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, peer) in _sides)
            peer.Dispose();
        await _relays;
        await Task.WhenAll(_wire);
        _loop?.Dispose();
        Assert.Empty(_loop?.Errors ?? []);
    }

    private async Task<(ConnectionContext Connection, Socket Peer)> ConnectAsync()
    {
        if (_loop is not null)
            return await _loop.OpenAsync();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        return (SocketConnection.Open(await listener.AcceptAsync(TestContext.Current.CancellationToken)), peer);
    }

    private Task RelayAsync(int side, ConnectionInfo info, CodecPair codecs)
    {
        return _loop is null ? RunAsync(TimeProvider.System).WaitAsync(Limit) : _loop.RunAsync(() => RunAsync(_loop.Loop.Timers), Limit);

        // As the stages around a relay do.
        async Task RunAsync(TimeProvider time)
        {
            var (downstream, upstream) = (_sides[side].Connection, _sides[side + 1].Connection);
            await new RelayConnection(downstream, upstream, info, Stage.Timeouts, new TcpOptions(), time).RunAsync(codecs);
            await upstream.DisposeAsync();
            await downstream.DisposeAsync();
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, Random sizes, int largestPiece)
    {
        var buffer = new byte[largestPiece];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer.AsMemory(0, sizes.Next(largestPiece) + 1))) > 0;)
                await to.SendAllAsync(buffer[..read]);
            to.Finish();
        }
        catch (SocketException)
        {
            to.Reset();
        }
        catch (ObjectDisposedException)
        {
            // The other direction was reset.
        }
    }
}
