using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chassis.Endpoints;

/// <summary>
/// One of several HTTP endpoints of a process, each with routes of its own. A request belongs to the endpoint whose
/// socket accepted its connection; its Host header has no say.
/// </summary>
/// <param name="Name">Its name in logs: metrics, health, admin.</param>
public sealed record ServiceEndpoint(string Name)
{
    /// <summary>Listens for HTTP/1.1 on <paramref name="address"/> and marks the connections as this endpoint's.</summary>
    public void Listen(KestrelServerOptions kestrel, IPEndPoint address) => kestrel.Listen(address, listen =>
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(this);
            return next(connection);
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
