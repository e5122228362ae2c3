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
    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection is not EpollConnection { Socket.Loop: var loop })
            return Relay(connection, time);
        return EventLoop.Current == loop ? Relay(connection, loop.Timers) : EnterAsync(connection, loop);
    }

    // A stage before has waited for another thread.
    private async Task EnterAsync(ConnectionContext connection, EventLoop loop)
    {
        await loop.Enter();
        await Relay(connection, loop.Timers);
    }

    private Task Relay(ConnectionContext connection, TimeProvider clock)
    {
        var codec = connection.Features.Get<Decision>()!.Codec!;
        var upstream = connection.Features.Get<UpstreamFeature>()!.Connection;
        return new RelayConnection(connection, upstream, connection.Report(), timeouts, clock).RunAsync(codec);
    }
}

internal static class RelayHandlerExtensions
{
    /// <summary>Ends the pipeline with the relay.</summary>
    public static IConnectionBuilder UseRelay(this IConnectionBuilder builder, RelayHandler relay) =>
        builder.Run(relay.OnConnectedAsync);
}
