using Chassis.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chassis.Endpoints;

/// <summary>Lets the HTTP connections of a server share the places of a <see cref="ConnectionPlaces"/>.</summary>
public static class ConnectionPlacesExtensions
{
    /// <summary>Each connection of this listener takes a place.</summary>
    /// <param name="listen">The listener.</param>
    /// <param name="places">The places.</param>
    /// <param name="refuse">
    /// Ends a connection that gets no place, with the later stages; without it, the connection is closed at once.
    /// </param>
    /// <param name="displaced">Called when a connection is closed because another one needs its place.</param>
    public static void UsePlaces(
        this ListenOptions listen, ConnectionPlaces places, Func<ConnectionContext, ConnectionDelegate, Task>? refuse = null, Action? displaced = null) =>
        listen.Use(next => async connection =>
        {
            using var place = places.Enter(connection.RemoteEndPoint, () =>
            {
                displaced?.Invoke();
                connection.Abort(new ConnectionAbortedException("another connection needed its place"));
            });
            if (place is not null)
            {
                connection.Features.Set(place);
                await next(connection);
            }
            else if (refuse is not null)
            {
                await refuse(connection, next);
            }
            else
            {
                connection.Abort(new ConnectionAbortedException($"{places.Limit} connections are being served, which is the limit"));
            }
        });

    /// <summary>While a request is answered, after its head is complete, its connection keeps its place.</summary>
    public static IApplicationBuilder UsePlaces(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var place = context.Features.Get<ConnectionPlace>();
        place?.BeginService();
        try
        {
            await next(context);
        }
        finally
        {
            place?.EndService();
        }
    });
}
