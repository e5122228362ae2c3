using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Handshakes.Peers;

/// <summary>
/// p2's half of the handshake: reads <c>bonjour</c>; <c>ok</c> or <c>fail</c> is sent when the outcome is known. Where plain clients may
/// come, it first looks at the bytes.
/// </summary>
internal sealed class AcceptPeerMiddleware(
    ConnectionDelegate next, ListenerOptions listener, TimeoutOptions timeouts, Func<ConnectionContext, int?> portOf, SidecarMetrics metrics, TimeProvider time)
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(WireLine.MaxPeerBytes);

    private readonly bool _isAlwaysStrict = listener.IsAlwaysStrict;

    public Task OnConnectionAsync(ConnectionContext connection) =>
        _isAlwaysStrict ? GreetedAsync(connection, connection.Info(), PeerMode.Strict) : DecideAsync(connection);

    private async Task DecideAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var mode = listener.PeersOf(portOf(connection));
        if (await MeetAsync(connection, info, mode) is not { } session)
            return;
        if (session == PeerSession.Greeted)
        {
            await GreetedAsync(connection, info, mode);
            return;
        }

        info.Session = session;
        metrics.PeerDecided(listener, mode.Word(), session);
        await next(connection);
    }

    // Null if the connection is over.
    private async ValueTask<PeerSession?> MeetAsync(ConnectionContext connection, ConnectionInfo info, PeerMode mode)
    {
        if (mode != PeerMode.Permissive)
            return mode == PeerMode.Strict ? PeerSession.Greeted : PeerSession.Plain;
        var look = await connection.Transport.Input.PeekMessageAsync(GreetingSearch.Parse, listener.PeekTimeout, time);
        switch (look.Status)
        {
            case ReadStatus.Complete:
                return look.Message ? PeerSession.Greeted : PeerSession.Plain;
            case ReadStatus.TimedOut:
                return PeerSession.Silent;
            case ReadStatus.Closed:
                // A client that sends nothing more, or nothing at all, can still read.
                return PeerSession.Plain;
            default:
                info.End(HandshakeEnds.ByClient(look.Status), "the connection was reset before the client had sent anything");
                return null;
        }
    }

    private async Task GreetedAsync(ConnectionContext connection, ConnectionInfo info, PeerMode mode)
    {
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

        info.Session = PeerSession.Greeted;
        metrics.HandshakeDone(info.Listener, started);
        metrics.PeerDecided(listener, mode.Word(), PeerSession.Greeted);
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
    /// <summary>Sets the <see cref="PeerGreeting"/> feature and a <see cref="DownstreamAnswer"/>, or notes that the client is a plain one.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="listener">Which clients it takes.</param>
    /// <param name="timeouts">The limit of the greeting.</param>
    /// <param name="portOf">The port of the destination; null if the connection does not have one yet.</param>
    /// <param name="metrics">Count what the clients were.</param>
    /// <param name="time">The clock.</param>
    public static IConnectionBuilder UseAcceptPeer(
        this IConnectionBuilder builder, ListenerOptions listener, TimeoutOptions timeouts, Func<ConnectionContext, int?> portOf, SidecarMetrics metrics, TimeProvider time) =>
        builder.Use(next => new AcceptPeerMiddleware(next, listener, timeouts, portOf, metrics, time).OnConnectionAsync);
}
