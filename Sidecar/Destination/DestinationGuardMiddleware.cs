using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Resolution;

namespace Sidecar.Destination;

/// <summary>Feature: the checked addresses. The sidecar connects only to these; the name is not resolved again.</summary>
/// <param name="Addresses">In the order of the name service.</param>
/// <param name="LookUp">The part of the connect timeout that the look-up has used.</param>
internal sealed record UpstreamCandidates(IReadOnlyList<IPEndPoint> Addresses, TimeSpan LookUp = default);

/// <summary>Resolves the upstream's name once and passes only the allowed addresses on.</summary>
internal sealed class DestinationGuardMiddleware(ConnectionDelegate next, ListenerOptions listener, TimeoutOptions timeouts, DestinationGuard guard, Resolver resolver)
{
    private readonly OracleGuard? _oracle = OracleGuard.For(listener, resolver, timeouts.Connect);

    // The address of the configured target, if it is an address: the same for every connection, without a look-up.
    private readonly UpstreamCandidates? _target =
        listener.Target is { } target && Resolver.Literal(target) is { } address ? new UpstreamCandidates([address]) : null;

    public Task OnConnectionAsync(ConnectionContext connection) => TryCheckAsync(connection).ThenAsync(next, connection);

    private async ValueTask<bool> TryCheckAsync(ConnectionContext connection)
    {
        try
        {
            return await CheckAsync(connection);
        }
        catch (SocketException error)
        {
            // An address that cannot be checked is not allowed; a connection to the upstream would fail too.
            return connection.Info().End(RelayEndReason.ConnectFailed, error.Message);
        }
    }

    private async ValueTask<bool> CheckAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var route = connection.Features.Get<ConnectionRoute>()!;
        if (RefuseTold(route) is { Refusal: { } told } verdict)
            return info.End(told, verdict.Detail);
        var candidates = route.Configured && route.Rule is null ? _target : null;
        if (candidates is null)
        {
            var resolved = await resolver.ResolveAsync(route.Upstream, info.Timeouts.Connect, route.Configured ? null : info.Client.Host);
            if (resolved.Failure is { } failure)
                return info.End(failure, resolved.Detail);
            candidates = new UpstreamCandidates(resolved.Addresses, resolved.Took);
        }

        // p1 greets its p2, which is no question; but the Oracle may still answer that it should not.
        var oracle = _oracle is null || (listener.Role == SidecarRole.Outbound && !info.Session.IsPlain() && !listener.OraclePlain) ? OracleAddresses.None : await _oracle.FindAsync(route.Upstream);
        if (oracle.Failure is { } kept)
            return info.End(kept, oracle.Detail);
        var allowed = Allowed(candidates, route, oracle, out var refused);
        if (allowed.Addresses.Count == 0)
            return info.End(refused.Refusal!.Value, refused.Detail);
        connection.Features.Set(allowed);
        return true;
    }

    private UpstreamCandidates Allowed(UpstreamCandidates candidates, ConnectionRoute route, OracleAddresses oracle, out GuardVerdict refused)
    {
        refused = GuardVerdict.Allowed;
        List<IPEndPoint>? allowed = null;
        for (var i = 0; i < candidates.Addresses.Count; i++)
        {
            var verdict = oracle.Check(candidates.Addresses[i]);
            if (verdict.Refusal is null)
                verdict = guard.Check(candidates.Addresses[i], listener, route);
            if (verdict.Refusal is null)
                allowed?.Add(candidates.Addresses[i]);
            else if (allowed is null)
                (refused, allowed) = (verdict, [.. candidates.Addresses.Take(i)]);
        }

        return allowed is null ? candidates : candidates with { Addresses = allowed };
    }

    // p1 only passes the destination to p2, and p2 resolves it. But a pod that names its own sidecar is refused here.
    private GuardVerdict RefuseTold(ConnectionRoute route) =>
        route.Destination is { } told && told != route.Upstream && LocalAddress.Known(told.Host) is { } address
            ? guard.CheckLoop(new IPEndPoint(address, told.Port), listener, configured: false)
            : GuardVerdict.Allowed;
}

internal static class DestinationGuardMiddlewareExtensions
{
    /// <summary>Sets the <see cref="UpstreamCandidates"/> feature, or ends the connection with <c>self_call</c> or <c>destination_not_allowed</c>.</summary>
    public static IConnectionBuilder UseDestinationGuard(
        this IConnectionBuilder builder, ListenerOptions listener, TimeoutOptions timeouts, DestinationGuard guard, Resolver resolver) =>
        builder.Use(next => new DestinationGuardMiddleware(next, listener, timeouts, guard, resolver).OnConnectionAsync);
}
