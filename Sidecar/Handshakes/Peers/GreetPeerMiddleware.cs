using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Handshakes.Peers;

/// <summary>p1's half of the handshake: <c>bonjour</c> to p2, then wait for its answer.</summary>
internal sealed class GreetPeerMiddleware(ConnectionDelegate next, SidecarMetrics metrics, TimeProvider time)
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(WireLine.MaxPeerBytes);

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        // Without routes every connection is greeted; with them, what none matches is plain.
        var action = connection.Features.Get<ConnectionRoute>()?.Rule?.Action ?? (info.Listener.Routes.Count == 0 ? RouteAction.Peer : RouteAction.Plain);
        var started = metrics.Now;
        if (info.Session.IsPlain())
        {
            metrics.PeerDecided(info.Listener, action.Word(), PeerSession.Plain);
            await next(connection);
        }
        else if (await GreetAsync(connection, info))
        {
            info.Session = PeerSession.Greeted;
            metrics.HandshakeDone(info.Listener, started);
            metrics.PeerDecided(info.Listener, action.Word(), PeerSession.Greeted);
            await next(connection);
        }
    }

    private async ValueTask<bool> GreetAsync(ConnectionContext connection, ConnectionInfo info)
    {
        // A p2 that intercepts at the destination reads it from the kernel: on the way there, a Service's address became that of a pod.
        var destination = connection.Features.Get<ConnectionRoute>() is { Configured: true } route ? route.Destination : null;
        var greeting = new PeerGreeting(info.Id, destination?.Host, destination?.Port ?? 0).ToString();
        if (greeting.Length > WireLine.MaxPeerBytes)
            return info.End(RelayEndReason.HandshakeFailed, $"{destination} does not fit into a line of {WireLine.MaxPeerBytes} bytes");
        var peer = connection.Features.Get<UpstreamFeature>()!.Connection.Transport;
        try
        {
            // Written, then flushed, so that a PROXY header that waits in the output leaves in the same segment.
            peer.Output.Write(WireLine.Encode(greeting));
            await peer.Output.FlushAsync();
        }
        catch (IOException error)
        {
            return IsNoPeer(connection, RelayEndReason.UpstreamReset, error.Message);
        }

        var read = await peer.Input.ReadMessageAsync(ParseLine, info.Timeouts.Handshake, time);
        if (read.Status != ReadStatus.Complete)
            return IsNoPeer(connection, HandshakeEnds.ByUpstream(read.Status), $"the peer's answer {HandshakeEnds.Describe(read.Status)}");
        if (!PeerAnswer.TryParse(read.Message!, out var answer))
            return IsNoPeer(connection, RelayEndReason.ProtocolError, $"the peer's answer '{read.Message}' does not follow the protocol");
        if (answer.Id != info.Id)
            return info.End(RelayEndReason.HandshakeFailed, $"the peer answered for connection {answer.Id}");
        // A sidecar that refuses has decided: that is no reason to go around it.
        return answer.Granted || info.End(RelayEndReason.PeerRefused, "the peer answered fail");
    }

    // The end of the connection, unless its route allows a plain one then.
    private static bool IsNoPeer(ConnectionContext connection, RelayEndReason reason, string detail)
    {
        if (connection.Features.Get<ConnectionRoute>() is not { Rule.FallsBackToPlain: true })
            return connection.Info().End(reason, detail);
        connection.Features.Get<UpstreamFeature>()!.NoPeer = detail;
        return false;
    }
}

internal static class GreetPeerMiddlewareExtensions
{
    /// <summary>Continues when p2 has answered <c>ok</c>, or at once if there is no p2.</summary>
    public static IConnectionBuilder UseGreetPeer(this IConnectionBuilder builder, SidecarMetrics metrics, TimeProvider time) =>
        builder.Use(next => new GreetPeerMiddleware(next, metrics, time).OnConnectionAsync);
}
