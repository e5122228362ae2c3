using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Handshakes.Peers;

/// <summary>p2's half of the handshake: reads <c>bonjour</c>; <c>ok</c> or <c>fail</c> is sent when the outcome is known.</summary>
internal sealed class AcceptPeerMiddleware(ConnectionDelegate next, TimeoutOptions timeouts, SidecarMetrics metrics, TimeProvider time)
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(WireLine.MaxPeerBytes);

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var started = metrics.Now;
        var read = await connection.Transport.Input.ReadMessageAsync(ParseLine, timeouts.Handshake, time);
        if (read.Status != ReadStatus.Complete)
        {
            info.End(HandshakeEnds.ByClient(read.Status), $"the peer's greeting {HandshakeEnds.Describe(read.Status)}");
            return;
        }

        if (!PeerGreeting.TryParse(read.Message!, out var greeting) || (greeting.Host is { } host && !HostPort.IsHost(host)))
        {
            info.End(RelayEndReason.ProtocolError, $"the peer's greeting '{read.Message}' does not follow the protocol");
            return;
        }

        metrics.HandshakeDone(info.Listener, started);
        info.Id = greeting.Id;
        var answer = new DownstreamAnswer(
            WireLine.Encode(new PeerAnswer(true, greeting.Id).ToString()),
            WireLine.Encode(new PeerAnswer(false, greeting.Id).ToString()));
        connection.Features.Set(answer);
        connection.Features.Set<PeerGreeting?>(greeting);
        await next(connection);
        await answer.RefuseUnlessGrantedAsync(connection);
    }
}

internal static class AcceptPeerMiddlewareExtensions
{
    /// <summary>Sets the <see cref="PeerGreeting"/> feature and a <see cref="DownstreamAnswer"/>.</summary>
    public static IConnectionBuilder UseAcceptPeer(this IConnectionBuilder builder, TimeoutOptions timeouts, SidecarMetrics metrics, TimeProvider time) =>
        builder.Use(next => new AcceptPeerMiddleware(next, timeouts, metrics, time).OnConnectionAsync);
}
