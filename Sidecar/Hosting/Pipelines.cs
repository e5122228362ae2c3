using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Authorization;
using Sidecar.Options;
using Sidecar.Relay;
using Sidecar.Upstream;

namespace Sidecar.Hosting;

/// <summary>Builds the stages for the connections of one configuration. Parts that exist once in the process are shared by all.</summary>
internal sealed class Pipelines(IServiceProvider services)
{
    /// <summary>Returns a function that builds a listener's stages, on Kestrel's listen options.</summary>
    public Func<ListenerOptions, ConnectionDelegate> Of(SidecarOptions options)
    {
        var connector = ActivatorUtilities.CreateInstance<UpstreamConnector>(services, options);
        var oracle = ActivatorUtilities.CreateInstance<OracleClient>(services, options, connector);
        var relay = ActivatorUtilities.CreateInstance<RelayHandler>(services, options);
        var pipeline = ActivatorUtilities.CreateInstance<ProxyPipeline>(services, options, connector, oracle, relay);
        return listener => Build(pipeline, listener);
    }

    // Kestrel's own list of endpoints is fixed after its start.
    private ConnectionDelegate Build(ProxyPipeline pipeline, ListenerOptions listener)
    {
        ConnectionDelegate? built = null;
        new KestrelServerOptions { ApplicationServices = services }.Listen(listener.Listen, listen =>
        {
            pipeline.Build(listen, listener);
            built = ((IConnectionBuilder)listen).Build();
        });
        return built!;
    }
}
