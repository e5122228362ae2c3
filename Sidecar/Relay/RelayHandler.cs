using ByteFilters;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Transform;
using Sidecar.Transport.Epoll;

namespace Sidecar.Relay;

/// <summary>The end of every pipeline: relays between downstream and upstream, with the decided transform.</summary>
internal sealed class RelayHandler(SidecarOptions options, ConnectionRegistry registry, ExchangeReporter exchanges, TimeProvider time) : ConnectionHandler
{
    // In the language of the configuration, which all listeners share.
    private readonly TransformCache _compiled = new();

    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<EventLoop>() is not { } loop)
            return Relay(connection, time);
        return EventLoop.Current == loop ? Relay(connection, loop.Timers) : EnterAsync(connection, loop);
    }

    // An earlier stage has waited on another thread.
    private async Task EnterAsync(ConnectionContext connection, EventLoop loop)
    {
        await loop.Enter();
        await Relay(connection, loop.Timers);
    }

    private Task Relay(ConnectionContext connection, TimeProvider clock)
    {
        var info = connection.Info();
        registry.EndHandshake(info);
        CodecPair codecs;
        try
        {
            codecs = CodecPair.For(info.Transform!, info.Listener.Role, _compiled);
            if (info.Session == PeerSession.Silent)
                codecs = codecs with { ToUpstream = new LateGreetingCodec(codecs.ToUpstream, info) };
        }
        catch (Exception error)
        {
            // A user's filter threw. Neither side may take the bytes that it got for a whole stream.
            info.Abort(RelayEndReason.TransformError, FilterFault.OneLine(error));
            return Task.CompletedTask;
        }

        var upstream = connection.Features.Get<UpstreamFeature>()!.Connection;
        var observer = exchanges.Observe(info, connection, upstream) is { } watching ? new RelayObservation(watching, info.Listener.Role, time) : null;
        return new RelayConnection(connection, upstream, info, info.Timeouts, options.Tcp, clock, observer).RunAsync(codecs);
    }
}

internal static class RelayHandlerExtensions
{
    /// <summary>Ends the pipeline with the relay.</summary>
    public static IConnectionBuilder UseRelay(this IConnectionBuilder builder, RelayHandler relay) =>
        builder.Run(relay.OnConnectedAsync);
}
