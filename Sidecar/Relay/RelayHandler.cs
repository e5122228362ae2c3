using ByteFilters;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Transform;
using Sidecar.Transport.Epoll;

namespace Sidecar.Relay;

/// <summary>The end of every pipeline: relays between downstream and upstream as the decision says.</summary>
internal sealed class RelayHandler(SidecarOptions options, ExchangeReporter exchanges, TimeProvider time) : ConnectionHandler
{
    // Of the configuration's language, which all listeners share.
    private readonly TransformCache _compiled = new();

    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<EventLoop>() is not { } loop)
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
        var report = connection.Report();
        CodecPair codecs;
        try
        {
            codecs = CodecPair.For(report.Transform!, report.Listener.Role, _compiled);
        }
        catch (Exception error)
        {
            // Of a user's filter. Neither side may take what it got for a whole stream.
            report.Abort(RelayEndReason.TransformError, FilterFault.OneLine(error));
            return Task.CompletedTask;
        }

        var upstream = connection.Features.Get<UpstreamFeature>()!.Connection;
        var observer = exchanges.Observe(report, connection, upstream) is { } watching ? new RelayObservation(watching, report.Listener.Role, time) : null;
        return new RelayConnection(connection, upstream, report, options.Timeouts, options.Tcp, clock, observer).RunAsync(codecs);
    }
}

internal static class RelayHandlerExtensions
{
    /// <summary>Ends the pipeline with the relay.</summary>
    public static IConnectionBuilder UseRelay(this IConnectionBuilder builder, RelayHandler relay) =>
        builder.Run(relay.OnConnectedAsync);
}
