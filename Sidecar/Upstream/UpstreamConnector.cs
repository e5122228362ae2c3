using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Transport;

namespace Sidecar.Upstream;

/// <summary>A connection to an upstream, or why there is none.</summary>
internal readonly record struct ConnectOutcome(ConnectionContext? Connection, RelayEndReason? Failure, string? Detail);

/// <summary>
/// Connects to the address that accepts first, in the configured number of rounds over all of them. Within a round attempts
/// overlap (<see cref="ConnectRace"/>).
/// </summary>
internal sealed class UpstreamConnector(IDialer dialer, AttemptPlaces places, SidecarOptions options, TimeProvider time)
{
    // Before the second round; doubled before each further one, with a random part, so that many do not come back at once (Envoy's base
    // interval).
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(25);

    /// <summary>Tries the addresses, families in turn; an attempt continues until <paramref name="timeout"/>.</summary>
    /// <param name="downstream">The connection that it is for.</param>
    /// <param name="addresses">The addresses to connect to.</param>
    /// <param name="timeout">For all rounds together.</param>
    /// <param name="passesThrough">Whether connections to this pod itself come from the <see cref="PassthroughSource"/>.</param>
    public async ValueTask<ConnectOutcome> ConnectAsync(
        ConnectionContext downstream, IReadOnlyList<IPEndPoint> addresses, TimeSpan timeout, bool passesThrough = false)
    {
        if (addresses.Count == 0)
            return new ConnectOutcome(null, RelayEndReason.ConnectFailed, "no address");
        var started = time.GetTimestamp();
        for (var round = 1; ; round++)
        {
            var outcome = Outcome(await TryAllAsync(downstream, addresses, timeout, started, passesThrough));
            var pause = FirstBackOff * Math.Pow(2, round - 1) * (0.5 + (Random.Shared.NextDouble() / 2));
            if (outcome.Connection is not null || round == options.ConnectAttempts || time.GetElapsedTime(started) + pause >= timeout)
                return outcome;
            await Task.Delay(pause, time);
        }
    }

    private static ConnectOutcome Outcome(DialOutcome dialed) => dialed.Connection is not null
        ? new ConnectOutcome(dialed.Connection, null, null)
        : new ConnectOutcome(null, ReasonOf(dialed.Error), dialed.Detail);

    private static RelayEndReason ReasonOf(SocketError error) => error switch
    {
        // The kernel's own limit can be the shorter one (net.ipv4.tcp_syn_retries).
        SocketError.TimedOut => RelayEndReason.ConnectTimeout,
        // It had accepted, otherwise this would be a refusal: the reset came before the connection was seen.
        SocketError.ConnectionReset => RelayEndReason.UpstreamReset,
        _ => RelayEndReason.ConnectFailed,
    };

    private async ValueTask<DialOutcome> TryAllAsync(
        ConnectionContext downstream, IReadOnlyList<IPEndPoint> addresses, TimeSpan timeout, long started, bool passesThrough)
    {
        if (addresses.Count == 1)
            return await DialAsync(downstream, addresses[0], Left(), passesThrough, CancellationToken.None);
        // With many addresses, each one is tried before the time is over.
        var share = Left() / addresses.Count;
        var race = new ConnectRace(
            (address, cancel) => DialAsync(downstream, address, Left(), passesThrough, cancel),
            places, share < options.AttemptDelay ? share : options.AttemptDelay, time);
        return await race.RunAsync(addresses);

        TimeSpan Left()
        {
            var left = timeout - time.GetElapsedTime(started);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private ValueTask<DialOutcome> DialAsync(
        ConnectionContext downstream, IPEndPoint address, TimeSpan timeout, bool passesThrough, CancellationToken cancel)
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

        return dialer.DialAsync(downstream, address, source, timeout, cancel);
    }
}
