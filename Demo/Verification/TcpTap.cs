using System.Net;
using System.Net.Sockets;

namespace Demo.Verification;

/// <summary>
/// Stands on the way between two programs: listens on a free loopback port, passes every byte on to the target and
/// back, and records what it passes.
/// </summary>
internal sealed class TcpTap : IAsyncDisposable
{
    // Far above what a browser or the verification opens; what comes beyond it is reset.
    private const int MaxConnections = 512;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TapConnection> _connections = [];
    private readonly List<Task> _relays = [];
    private readonly IPEndPoint _target;
    private readonly TapBudget _budget;
    private readonly Task _accepting;

    /// <summary>Listens at once.</summary>
    /// <param name="target">Where the bytes go.</param>
    /// <param name="maxSampleBytes">The memory for all recorded bytes together.</param>
    public TcpTap(IPEndPoint target, int maxSampleBytes)
    {
        _target = target;
        _budget = new TapBudget(maxSampleBytes);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect to.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The connections so far, ended ones too, in the order of their coming.</summary>
    public IReadOnlyList<TapConnection> Connections
    {
        get
        {
            lock (_connections)
                return [.. _connections];
        }
    }

    /// <summary>Closes the listener and resets what is still open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _accepting;
        await Task.WhenAll(_relays);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_stop.Token);
                if (_relays.Count < MaxConnections)
                    _relays.Add(ServeAsync(client));
                else
                    client.Close(timeout: 0);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var _ = client;
        client.NoDelay = true;
        try
        {
            await target.ConnectAsync(_target, _stop.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            client.Close(timeout: 0);
            return;
        }

        var connection = new TapConnection(_budget);
        lock (_connections)
            _connections.Add(connection);
        await connection.RelayAsync(client, target, _stop.Token);
    }
}
