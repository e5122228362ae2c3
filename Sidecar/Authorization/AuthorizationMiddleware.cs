using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Configuration;
using Sidecar.Records;

namespace Sidecar.Authorization;

/// <summary>May this connection be, and with which transform: the Oracle's answer, or the configuration's where there is no Oracle.</summary>
internal sealed class AuthorizationMiddleware(ConnectionDelegate next, ListenerOptions listener, OracleClient oracle)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var report = connection.Report();
        var decision = listener.Oracle is { } address
            ? await oracle.AskAsync(address, new OracleQuestion(listener.Role, report.Id, report.Client.EndPoint))
            : Decision.Grant(listener.Transform, listener.Role);
        if (decision.Refusal is { } refusal)
        {
            report.End(refusal, decision.Detail);
            return;
        }

        report.Transform = decision.Transform;
        connection.Features.Set(decision);
        await next(connection);
    }
}

internal static class AuthorizationMiddlewareExtensions
{
    /// <summary>Sets the <see cref="Decision"/> feature, or ends the connection with an <c>oracle_</c> reason.</summary>
    public static IConnectionBuilder UseAuthorization(this IConnectionBuilder builder, ListenerOptions listener, OracleClient oracle) =>
        builder.Use(next => new AuthorizationMiddleware(next, listener, oracle).OnConnectionAsync);
}
