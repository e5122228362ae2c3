using Chassis.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chassis.Endpoints;

/// <summary>Has the HTTP connections of a server share the places of a <see cref="ConnectionPlaces"/>.</summary>
public static class ConnectionPlacesExtensions
{
    /// <summary>Each connection of this listener takes a place, or is closed at once.</summary>
    public static void UsePlaces(this ListenOptions listen, ConnectionPlaces places) => listen.Use(next => async connection =>
    {
        using var place = places.Enter(connection.RemoteEndPoint, () => connection.Abort(new ConnectionAbortedException("another connection needed its place")));
        if (place is null)
        {
            connection.Abort(new ConnectionAbortedException($"{places.Limit} connections are being served, which is the limit"));
            return;
        }

        connection.Features.Set(place);
        await next(connection);
    });

    /// <summary>Requests whose head is complete keep their connection's place while they are answered.</summary>
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
