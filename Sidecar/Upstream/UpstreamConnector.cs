using System.Net;
using System.Net.Sockets;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Transport;

namespace Sidecar.Upstream;

/// <summary>
/// Connects to the address that accepts first, in the configured number of rounds over all of them. Within a round attempts
/// overlap (<see cref="ConnectRace"/>).
/// </summary>
internal sealed class UpstreamConnector(IDialer dialer, AttemptPlaces places, UpstreamTable upstreams, SidecarOptions options, TimeProvider time)
{
    // Before the second round; doubled before each further one, with a random part, so that many do not come back at once (Envoy's base
    // interval).
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(25);

    /// <summary>The configured limits of each address.</summary>
    public UpstreamLimits Limits => options.Upstream;

    /// <summary>Tries the addresses; an attempt continues until the time is over.</summary>
    public async ValueTask<ConnectOutcome> ConnectAsync(ConnectRequest request)
    {
        if (request.Addresses.Count == 0)
            return new ConnectOutcome(null, RelayEndReason.ConnectFailed, "no address");
        var started = time.GetTimestamp();
        ConnectOutcome? before = null;
        for (var round = 1; ; round++)
        {
            var outcome = await TryAllAsync(request, started);
            // The failure of an earlier round says more than the refusal that followed from it.
            if (outcome.IsRefused)
                return before ?? outcome;
            var pause = FirstBackOff * Math.Pow(2, round - 1) * (0.5 + (Random.Shared.NextDouble() / 2));
            if (outcome.Connection is not null || round == options.ConnectAttempts || time.GetElapsedTime(started) + pause >= request.Left)
                return outcome;
            before = outcome;
            await Task.Delay(pause, time);
        }
    }

    private static RelayEndReason ReasonOf(SocketError error) => error switch
    {
        // The kernel's own limit can be the shorter one (net.ipv4.tcp_syn_retries).
        SocketError.TimedOut => RelayEndReason.ConnectTimeout,
        // It had accepted, otherwise this would be a refusal: the reset came before the connection was seen.
        SocketError.ConnectionReset => RelayEndReason.UpstreamReset,
        _ => RelayEndReason.ConnectFailed,
    };

    private async ValueTask<ConnectOutcome> TryAllAsync(ConnectRequest request, long started)
    {
        if (request.Addresses.Count == 1)
            return await AttemptAsync(request, request.Addresses[0], Left(), CancellationToken.None);
        // With many addresses, each one is tried before the time is over.
        var share = Left() / request.Addresses.Count;
        var race = new ConnectRace(
            (address, cancel) => AttemptAsync(request, address, Left(), cancel), places, share < options.AttemptDelay ? share : options.AttemptDelay, time);
        return await race.RunAsync(ConnectRace.Order(request.Addresses, upstreams.HasFailedLately));

        TimeSpan Left()
        {
            var left = request.Left - time.GetElapsedTime(started);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private async ValueTask<ConnectOutcome> AttemptAsync(ConnectRequest request, IPEndPoint address, TimeSpan timeout, CancellationToken cancel)
    {
        if (upstreams.TryBegin(address, request.Addresses, request.Limits, out var refusal) is not { } use)
            return refusal;
        try
        {
            var started = time.GetTimestamp();
            var dialed = await DialAsync(request, address, timeout, cancel);
            if (dialed.Connection is not null)
            {
                use.Connected();
                return new ConnectOutcome(dialed.Connection, null, null, use);
            }

            if (IsFailureOfAddress(dialed.Error, timeout, request) && !cancel.IsCancellationRequested)
                use.Failed(request.Limits.Outlier, request.Addresses);
            else if (cancel.IsCancellationRequested && time.GetElapsedTime(started) >= options.AttemptDelay)
                use.Overtaken();
            use.Dispose();
            return new ConnectOutcome(null, ReasonOf(dialed.Error), dialed.Detail);
        }
        catch
        {
            use.Dispose();
            throw;
        }
    }

    // Not what this machine lacks: descriptors, ports, memory. Nor a time limit that a slow look-up or an earlier round has used up.
    private static bool IsFailureOfAddress(SocketError error, TimeSpan timeout, ConnectRequest request) => error switch
    {
        SocketError.TimedOut => timeout >= request.Timeout / 2,
        SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.HostUnreachable or SocketError.NetworkUnreachable => true,
        _ => false,
    };

    private ValueTask<DialOutcome> DialAsync(ConnectRequest request, IPEndPoint address, TimeSpan timeout, CancellationToken cancel)
    {
        IPAddress? source;
        try
        {
            source = request.PassesThrough ? PassthroughSource.For(address.Address) : null;
        }
        catch (SocketException error)
        {
            return new(new DialOutcome(null, error.SocketErrorCode, $"{address}: {error.Message}"));
        }

        return dialer.DialAsync(request.Downstream, address, source, timeout, cancel);
    }
}
