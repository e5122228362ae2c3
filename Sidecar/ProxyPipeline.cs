using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Authorization;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Handshakes;
using Sidecar.Handshakes.Names;
using Sidecar.Handshakes.Peers;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Handshakes.Socks;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Relay;
using Sidecar.Resolution;
using Sidecar.Telemetry;
using Sidecar.Upstream;

namespace Sidecar;

/// <summary>The stages of a connection in each role, in order.</summary>
internal sealed class ProxyPipeline(
    SidecarOptions options, DestinationGuard guard, Resolver resolver, OracleClient oracle, UpstreamConnector connector, RelayHandler relay,
    ConnectionRegistry registry, ConnectionReporter reporter, SidecarMetrics metrics, TimeProvider time, ILogger<ConnectionInfoMiddleware> logger,
    ILogger<FallbackMiddleware> fallbackLogger)
{
    public void Build(IConnectionBuilder connection, ListenerOptions listener)
    {
        connection.UseConnectionInfo(listener, options.Timeouts, registry, reporter, time, logger)
            .UseAcceptProxyHeader(listener, options.Timeouts, registry, time);
        _ = listener.Role switch
        {
            SidecarRole.Outbound => connection
                .UseSocks(listener, options.Timeouts, time)
                .UsePeekName(listener, RouteMiddleware.DestinationOf, time)
                .UseRoute(listener)
                .UsePlainQuestion(listener, oracle)
                .UseFallback(listener, fallbackLogger)
                .UseDestinationGuard(listener, options.Timeouts, guard, resolver)
                .UseUpstream(listener, connector, metrics)
                .UsePlainAnswer(listener)
                .UseSendProxyHeader(listener)
                .UseGreetPeer(metrics, time)
                .UseAuthorization(listener, oracle),
            SidecarRole.Inbound => connection
                .UseAcceptPeer(listener, options.Timeouts, connection => RouteMiddleware.PortOf(connection, listener), metrics, time)
                .UseRoute(listener)
                .UseDestinationGuard(listener, options.Timeouts, guard, resolver)
                .UseAuthorization(listener, oracle)
                .UseUpstream(listener, connector, metrics)
                .UseSendProxyHeader(listener),
            _ => connection
                .UseSocks(listener, options.Timeouts, time)
                .UseRoute(listener)
                .UseDestinationGuard(listener, options.Timeouts, guard, resolver)
                .UseAuthorization(listener, oracle)
                .UseUpstream(listener, connector, metrics)
                .UseSendProxyHeader(listener),
        };
        connection.UseDownstreamAnswer().UseRelay(relay);
    }
}
