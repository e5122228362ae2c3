using ByteFilters;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Authorization;

/// <summary>
/// Decides whether a connection is allowed, and its transform: by the Oracle, or by the configuration if there is no Oracle.
/// </summary>
internal sealed class AuthorizationMiddleware(ConnectionDelegate next, ListenerOptions listener, OracleClient oracle)
{
    public Task OnConnectionAsync(ConnectionContext connection) => AuthorizeAsync(connection).ThenAsync(next, connection);

    private async ValueTask<bool> AuthorizeAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var decision = await DecideAsync(connection, info);
        if (decision.Refusal is { } refusal)
            return info.End(refusal, decision.Detail);
        info.Transform = decision.Transform;
        return true;
    }

    private ValueTask<Decision> DecideAsync(ConnectionContext connection, ConnectionInfo info)
    {
        // Without a pair there is nothing to agree on.
        if (info.Session.IsPlain())
            return new(Decision.Grant(TransformExpression.Identity));
        return listener.Oracle is { } address
            ? oracle.AskAsync(connection, address, new OracleQuestion(listener.Role, info.Id, info.Client.EndPoint, RouteOf(connection, info)))
            : new(Decision.Grant(connection.Features.Get<ConnectionRoute>()?.Rule?.Transform ?? listener.TransformFor(info.Destination)));
    }

    // Only dialect v1x can express it.
    private QuestionRoute? RouteOf(ConnectionContext connection, ConnectionInfo info) =>
        listener.OracleDialect == OracleDialect.V1 ? null
        : info.Destination is { } destination ? new QuestionRoute(listener.Name, destination.Host, destination.Port, IsGreeted(connection))
        : new QuestionRoute(listener.Name, null, 0);

    // A configured target takes precedence over the greeting.
    private static bool IsGreeted(ConnectionContext connection) =>
        connection.Features.Get<PeerGreeting?>() is { Host: not null } && connection.Features.Get<ConnectionRoute>() is { Configured: false };
}

internal static class AuthorizationMiddlewareExtensions
{
    /// <summary>Sets the report's transform, or ends the connection with an <c>oracle_</c> reason.</summary>
    public static IConnectionBuilder UseAuthorization(this IConnectionBuilder builder, ListenerOptions listener, OracleClient oracle) =>
        builder.Use(next => new AuthorizationMiddleware(next, listener, oracle).OnConnectionAsync);
}
