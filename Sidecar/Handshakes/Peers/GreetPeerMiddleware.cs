using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Handshakes.Peers;

/// <summary>p1's half of the handshake: <c>bonjour</c> to p2, then wait for its answer.</summary>
internal sealed class GreetPeerMiddleware(ConnectionDelegate next, TimeoutOptions timeouts, SidecarMetrics metrics, TimeProvider time)
{
    private static readonly MessageParser<string> ParseLine = WireLine.Parser(WireLine.MaxPeerBytes);

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var started = metrics.Now;
        if (await GreetAsync(connection, info))
        {
            metrics.HandshakeDone(info.Listener, started);
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
            return info.End(RelayEndReason.UpstreamReset, error.Message);
        }

        var read = await peer.Input.ReadMessageAsync(ParseLine, timeouts.Handshake, time);
        if (read.Status != ReadStatus.Complete)
            return info.End(HandshakeEnds.ByUpstream(read.Status), $"the peer's answer {HandshakeEnds.Describe(read.Status)}");
        if (!PeerAnswer.TryParse(read.Message!, out var answer))
            return info.End(RelayEndReason.ProtocolError, $"the peer's answer '{read.Message}' does not follow the protocol");
        if (answer.Id != info.Id)
            return info.End(RelayEndReason.HandshakeFailed, $"the peer answered for connection {answer.Id}");
        return answer.Granted || info.End(RelayEndReason.PeerRefused, "the peer answered fail");
    }
}

internal static class GreetPeerMiddlewareExtensions
{
    /// <summary>Continues when p2 has answered <c>ok</c>.</summary>
    public static IConnectionBuilder UseGreetPeer(this IConnectionBuilder builder, TimeoutOptions timeouts, SidecarMetrics metrics, TimeProvider time) =>
        builder.Use(next => new GreetPeerMiddleware(next, timeouts, metrics, time).OnConnectionAsync);
}
