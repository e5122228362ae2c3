using Microsoft.AspNetCore.Connections;
using Sidecar.Authorization;
using Sidecar.Configuration;
using Sidecar.Records;
using Sidecar.Transport.Epoll;
using Sidecar.Upstream;

namespace Sidecar.Relay;

/// <summary>The end of every pipeline: relays between downstream and upstream as the decision says.</summary>
internal sealed class RelayHandler(TimeoutOptions timeouts, TimeProvider time) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var report = connection.Report();
        var decision = connection.Features.Get<Decision>()!;
        var upstream = connection.Features.Get<UpstreamFeature>()!.Connection;
        var clock = connection is EpollConnection { Socket.Loop.Timers: var timers } ? timers : time;
        using var relay = new RelayConnection(connection, upstream, report, timeouts, clock);
        await relay.RunAsync(decision.Codec!);
    }
}

internal static class RelayHandlerExtensions
{
    /// <summary>Ends the pipeline with the relay.</summary>
    public static IConnectionBuilder UseRelay(this IConnectionBuilder builder, RelayHandler relay) =>
        builder.Run(relay.OnConnectedAsync);
}
