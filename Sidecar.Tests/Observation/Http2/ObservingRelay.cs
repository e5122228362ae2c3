using System.Net;
using System.Net.Sockets;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http2;
using Sidecar.Options;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>A relay of one loopback port to another, with an observer for each connection that sees the bytes before they go on.</summary>
internal sealed class ObservingRelay : IExchangeSink, IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _close = new();
    private readonly List<Task> _connections = [];
    private readonly SeenExchanges _seen = new();
    private readonly Task _accepting;

    public ObservingRelay(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Exchanges of connections that have ended.</summary>
    public IReadOnlyList<string> Lines => _seen.Lines;

    /// <summary>Why connections made no sense.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Waits until the connections so far have ended.</summary>
    public async Task EndAsync()
    {
        await _close.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections).WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await EndAsync();
        _stop.Dispose();
        _close.Dispose();
    }

    void IExchangeSink.OnExchange(Exchange exchange) => _seen.OnExchange(exchange);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(RelayAsync(await _listener.AcceptSocketAsync(_close.Token)));
        }
        catch (OperationCanceledException)
        {
            // No more connections are expected.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
        client.NoDelay = server.NoDelay = true;
        var observer = new Http2Observer(this, new ObservationLimits(), Unshared.Account(), TimeProvider.System);
        using (client)
            await Task.WhenAll(PumpAsync(client, server, Direction.Request, observer), PumpAsync(server, client, Direction.Response, observer));
        lock (_seen)
        {
            observer.Close(new(ExchangeOutcome.Completed), time: 2);
            if (observer.Failure is { } failure)
                Failures.Add(failure);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Direction direction, Http2Observer observer)
    {
        // Of no size in particular, so that frames are cut anywhere.
        var buffer = new byte[1997];
        try
        {
            for (int count; (count = await from.ReceiveAsync(buffer, _stop.Token)) > 0;)
            {
                Observe(direction, observer, buffer.AsSpan(0, count));
                await to.SendAsync(buffer.AsMemory(0, count), _stop.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // A peer that is gone, or the test's end, ends the other direction as well.
            from.Dispose();
            to.Dispose();
        }
        catch (ObjectDisposedException)
        {
            // The other direction has ended like that.
        }
    }

    private void Observe(Direction direction, Http2Observer observer, ReadOnlySpan<byte> bytes)
    {
        lock (_seen)
            observer.Read(direction, ref bytes, time: 1);
    }
}
