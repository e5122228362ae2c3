using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Relay;

namespace Sidecar.Upstream;

/// <summary>A connection to an upstream, or why there is none.</summary>
internal readonly record struct ConnectOutcome(ConnectionContext? Connection, RelayEndReason? Failure, string? Detail);

/// <summary>Connects to the first address that accepts.</summary>
internal sealed class UpstreamConnector(TimeProvider time)
{
    /// <summary>Tries the addresses in order; each gets its share of what is left of <paramref name="timeout"/>.</summary>
    /// <param name="addresses">Where to connect to.</param>
    /// <param name="timeout">For all of them together.</param>
    /// <param name="passesThrough">Whether connections to this pod itself come from the <see cref="PassthroughSource"/>.</param>
    public async ValueTask<ConnectOutcome> ConnectAsync(IReadOnlyList<IPEndPoint> addresses, TimeSpan timeout, bool passesThrough = false)
    {
        var started = time.GetTimestamp();
        var outcome = new ConnectOutcome(null, RelayEndReason.ConnectFailed, "no address");
        for (var i = 0; i < addresses.Count && outcome.Connection is null; i++)
        {
            var left = timeout - time.GetElapsedTime(started);
            var share = left / (addresses.Count - i);
            outcome = await ConnectOneAsync(addresses[i], share > TimeSpan.Zero ? share : TimeSpan.Zero, passesThrough);
        }

        return outcome;
    }

    private async ValueTask<ConnectOutcome> ConnectOneAsync(IPEndPoint address, TimeSpan timeout, bool passesThrough)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (passesThrough)
                PassthroughSource.BindFor(address, socket);
            await socket.ConnectAsync(address, limit.Token);
            // Linux connects a port to itself when source and destination coincide (RFC 9293 simultaneous open).
            if (Equals(socket.LocalEndPoint, socket.RemoteEndPoint))
                throw new SocketException((int)SocketError.ConnectionRefused);
            return new(new SocketConnection(socket), null, null);
        }
        catch (OperationCanceledException)
        {
            socket?.Dispose();
            return new(null, RelayEndReason.ConnectTimeout, $"{address} did not accept in time");
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            // The kernel's own limit can be the shorter one (net.ipv4.tcp_syn_retries).
            var reason = error.SocketErrorCode == SocketError.TimedOut ? RelayEndReason.ConnectTimeout : RelayEndReason.ConnectFailed;
            return new(null, reason, $"{address}: {error.Message}");
        }
    }
}
