using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chassis.Endpoints;

/// <summary>
/// One of several HTTP endpoints of a process, each with routes of its own. A request belongs to the endpoint that
/// accepted its connection. Its Host header makes no difference.
/// </summary>
/// <param name="name">Its name in logs: metrics, health, admin.</param>
/// <param name="guard">Refuses requests of web pages.</param>
public sealed class ServiceEndpoint(string name, WebPageGuard guard)
{
    /// <summary>
    /// Connections at once; a scraper or a probe needs one. They are shared by address. When a new connection needs a place,
    /// the connection that was idle longest is closed (<see cref="ConnectionPlaces"/>).
    /// </summary>
    public const int MaxConnections = 64;

    // A head comes in one segment; a probe's own limit is a second.
    private static readonly TimeSpan HeadLimit = TimeSpan.FromSeconds(5);

    // A slower reader would keep its place for long; a page of metrics has some 100 KB.
    private static readonly MinDataRate SlowestReader = new(bytesPerSecond: 10_000, gracePeriod: TimeSpan.FromSeconds(5));

    private readonly ConnectionPlaces _places = new(MaxConnections, TimeProvider.System);

    /// <summary>Its name in logs.</summary>
    public string Name => name;

    /// <summary>Time limits for all endpoints of a process.</summary>
    public static void Limit(KestrelServerOptions kestrel) =>
        (kestrel.Limits.RequestHeadersTimeout, kestrel.Limits.MinResponseDataRate) = (HeadLimit, SlowestReader);

    /// <summary>Listens for HTTP/1.1 on <paramref name="address"/> and marks the connections as this endpoint's.</summary>
    public void Listen(KestrelServerOptions kestrel, EndPoint address) => kestrel.Listen(address, listen =>
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.UsePlaces(_places);
        listen.Use(next => connection =>
        {
            connection.Features.Set(this);
            return next(connection);
        });
    });

    /// <summary>Adds routes that only the connections of this endpoint reach.</summary>
    public void Map(WebApplication app, Action<IEndpointRouteBuilder> map) =>
        app.UseWhen(context => ReferenceEquals(context.Features.Get<ServiceEndpoint>(), this), branch =>
        {
            branch.UsePlaces();
            branch.Use(async (context, next) =>
            {
                if (guard.Refuse(context.Request) is { } reason)
                    await RefuseAsync(context.Response, reason);
                else
                    await next(context);
            });
            branch.UseRouting();
            branch.UseEndpoints(map);
        });

    private Task RefuseAsync(HttpResponse response, string reason)
    {
        response.StatusCode = StatusCodes.Status403Forbidden;
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync($"{name}: {reason}\n");
    }
}
