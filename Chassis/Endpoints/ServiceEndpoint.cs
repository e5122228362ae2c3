using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chassis.Endpoints;

/// <summary>
/// One of several HTTP endpoints of a process, each with routes of its own. A request belongs to the endpoint whose
/// socket accepted its connection; its Host header has no say.
/// </summary>
/// <param name="name">Its name in logs: metrics, health, admin.</param>
public sealed class ServiceEndpoint(string name)
{
    /// <summary>Connections at once; a scraper or a probe needs one. More are reset, so that they cannot use up the process's descriptors.</summary>
    public const int MaxConnections = 64;

    private int _connections;

    /// <summary>Its name in logs.</summary>
    public string Name => name;

    /// <summary>Listens for HTTP/1.1 on <paramref name="address"/> and marks the connections as this endpoint's.</summary>
    public void Listen(KestrelServerOptions kestrel, IPEndPoint address) => kestrel.Listen(address, listen =>
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => async connection =>
        {
            try
            {
                connection.Features.Set(this);
                if (Interlocked.Increment(ref _connections) > MaxConnections)
                    connection.Abort(new ConnectionAbortedException($"more than {MaxConnections} connections to the {Name} endpoint"));
                else
                    await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref _connections);
            }
        });
    });

    /// <summary>Adds routes that only this endpoint's connections reach.</summary>
    public void Map(WebApplication app, Action<IEndpointRouteBuilder> map) =>
        app.UseWhen(context => ReferenceEquals(context.Features.Get<ServiceEndpoint>(), this), branch =>
        {
            branch.UseRouting();
            branch.UseEndpoints(map);
        });
}
