using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Tests.Support;

/// <summary>What the tests of single stages share: options, a report on the connection, metrics nobody scrapes.</summary>
internal static class Stage
{
    public static readonly TimeoutOptions Timeouts = new();

    public static ListenerOptions Listener(
        SidecarRole role = SidecarRole.Alone, ListenerMode mode = ListenerMode.Fixed, string? target = null, string name = "test") => new()
        {
            Name = name,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            ListenOrigin = "--listen",
            Role = role,
            Mode = mode,
            Target = target is null ? null : HostPort.Parse(target),
        };

    /// <summary>A route for one pattern of destinations.</summary>
    public static OutboundRoute Route(string pattern, RouteAction action) => new()
    {
        Destinations = [DestinationPattern.Parse(pattern)],
        Action = action,
        Timeouts = Timeouts,
        Limits = UpstreamLimits.None,
    };

    public static SidecarOptions Options(params ListenerOptions[] listeners) => new()
    {
        Listeners = listeners,
        Metrics = Endpoint,
        Health = Endpoint,
        Admin = Endpoint,
        Timeouts = Timeouts,
    };

    public static SidecarMetrics Metrics(TimeProvider time, params ListenerOptions[] listeners) =>
        new(new MeterFactory(), new CurrentOptions(Options(listeners)), new ConnectionRegistry(new CurrentOptions(Options(listeners))), time);

    /// <summary>Gives the connection the report that the first stage of a pipeline makes.</summary>
    public static ConnectionInfo Open(ConnectionContext connection, ListenerOptions listener)
    {
        var info = new ConnectionInfo(listener, Timeouts, new ClientAddress((IPEndPoint)connection.RemoteEndPoint!), connection, TimeProvider.System.GetTimestamp());
        connection.Features.Set(info);
        return info;
    }

    /// <summary>A stage behind the one under test that must not be reached.</summary>
    public static Task MustNotBeReached(ConnectionContext connection) => throw new InvalidOperationException("the stage behind was reached");

    private static EndpointOptions Endpoint => new(new IPEndPoint(IPAddress.Loopback, 0), "test");
}
