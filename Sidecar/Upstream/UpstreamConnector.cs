using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration;
using Sidecar.Relay;
using Sidecar.Transport;

namespace Sidecar.Upstream;

/// <summary>A connection to an upstream, or why there is none.</summary>
internal readonly record struct ConnectOutcome(ConnectionContext? Connection, RelayEndReason? Failure, string? Detail);

/// <summary>Connects to the first address that accepts, in as many rounds over all of them as are configured.</summary>
internal sealed class UpstreamConnector(IDialer dialer, SidecarOptions options, TimeProvider time)
{
    // Before the second round; doubled before each further one, and jittered, so that many do not come back at once (Envoy's base interval).
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(25);

    /// <summary>Tries the addresses in order; each gets its share of what is left of <paramref name="timeout"/>.</summary>
    /// <param name="downstream">The connection that it is for.</param>
    /// <param name="addresses">Where to connect to.</param>
    /// <param name="timeout">For all rounds together.</param>
    /// <param name="passesThrough">Whether connections to this pod itself come from the <see cref="PassthroughSource"/>.</param>
    public async ValueTask<ConnectOutcome> ConnectAsync(
        ConnectionContext downstream, IReadOnlyList<IPEndPoint> addresses, TimeSpan timeout, bool passesThrough = false)
    {
        var started = time.GetTimestamp();
        for (var round = 1; ; round++)
        {
            var outcome = await TryAllAsync(downstream, addresses, timeout, started, passesThrough);
            var pause = FirstBackOff * Math.Pow(2, round - 1) * (0.5 + (Random.Shared.NextDouble() / 2));
            if (outcome.Connection is not null || round == options.ConnectAttempts || time.GetElapsedTime(started) + pause >= timeout)
                return outcome;
            await Task.Delay(pause, time);
        }
    }

    private async ValueTask<ConnectOutcome> TryAllAsync(
        ConnectionContext downstream, IReadOnlyList<IPEndPoint> addresses, TimeSpan timeout, long started, bool passesThrough)
    {
        var outcome = new ConnectOutcome(null, RelayEndReason.ConnectFailed, "no address");
        for (var i = 0; i < addresses.Count && outcome.Connection is null; i++)
        {
            var left = timeout - time.GetElapsedTime(started);
            var share = left > TimeSpan.Zero ? left / (addresses.Count - i) : TimeSpan.Zero;
            var dialed = await DialAsync(downstream, addresses[i], share, passesThrough);
            // The kernel's own limit can be the shorter one (net.ipv4.tcp_syn_retries).
            var failure = dialed.Error == SocketError.TimedOut ? RelayEndReason.ConnectTimeout : RelayEndReason.ConnectFailed;
            outcome = new(dialed.Connection, dialed.Connection is null ? failure : null, dialed.Detail);
        }

        return outcome;
    }

    private ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, TimeSpan timeout, bool passesThrough)
    {
        IPAddress? source;
        try
        {
            source = passesThrough ? PassthroughSource.For(address.Address) : null;
        }
        catch (SocketException error)
        {
            return new(new DialOutcome(null, error.SocketErrorCode, $"{address}: {error.Message}"));
        }

        return dialer.DialAsync(downstream, address, source, timeout);
    }
}
