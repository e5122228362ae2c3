using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Configuration;
using Sidecar.Records;
using Sidecar.Upstream;

namespace Sidecar.Destination;

/// <summary>Feature: the addresses that were checked. Only these are connected to; the name is not resolved again.</summary>
internal sealed record UpstreamCandidates(IReadOnlyList<IPEndPoint> Addresses);

/// <summary>Resolves the upstream's name once and lets only the allowed addresses through.</summary>
internal sealed class DestinationGuardMiddleware(ConnectionDelegate next, ListenerOptions listener, DestinationGuard guard, Resolver resolver)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var report = connection.Report();
        var route = connection.Features.Get<ConnectionRoute>()!;
        if (RefuseTold(route) is { Refusal: { } told } verdict)
        {
            report.End(told, verdict.Detail);
            return;
        }

        var resolved = await resolver.ResolveAsync(route.Upstream);
        if (resolved.Failure is { } failure)
        {
            report.End(failure, resolved.Detail);
            return;
        }

        var verdicts = resolved.Addresses.Select(a => (Address: a, Verdict: guard.Check(a, listener, route))).ToList();
        var allowed = verdicts.Where(v => v.Verdict.Refusal is null).Select(v => v.Address).ToList();
        if (allowed.Count == 0)
        {
            report.End(verdicts[0].Verdict.Refusal!.Value, verdicts[0].Verdict.Detail);
            return;
        }

        connection.Features.Set(new UpstreamCandidates(allowed));
        await next(connection);
    }

    // p1 only tells p2 the destination, but a pod that asks for its own sidecar is refused right here.
    private GuardVerdict RefuseTold(ConnectionRoute route) =>
        route.Destination is { } told && told != route.Upstream && KnownAddress(told.Host) is { } address
            ? guard.CheckLoop(new IPEndPoint(NetworkAddress.Canonical(address), told.Port), listener, configured: false)
            : GuardVerdict.Allowed;

    // Other names are p2's to resolve; localhost is loopback wherever it is asked for (RFC 6761 section 6.3).
    private static IPAddress? KnownAddress(string host) =>
        IPAddress.TryParse(host, out var address) ? address
        : host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : null;
}

internal static class DestinationGuardMiddlewareExtensions
{
    /// <summary>Sets the <see cref="UpstreamCandidates"/> feature, or ends the connection with <c>self_call</c> or <c>destination_not_allowed</c>.</summary>
    public static IConnectionBuilder UseDestinationGuard(this IConnectionBuilder builder, ListenerOptions listener, DestinationGuard guard, Resolver resolver) =>
        builder.Use(next => new DestinationGuardMiddleware(next, listener, guard, resolver).OnConnectionAsync);
}
