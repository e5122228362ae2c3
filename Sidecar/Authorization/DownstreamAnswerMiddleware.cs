using Microsoft.AspNetCore.Connections;

namespace Sidecar.Authorization;

/// <summary>The way is free: tells whoever waits for it, if anybody does.</summary>
internal sealed class DownstreamAnswerMiddleware(ConnectionDelegate next)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<DownstreamAnswer>() is { } answer)
            await answer.GrantAsync(connection);
        await next(connection);
    }
}

internal static class DownstreamAnswerMiddlewareExtensions
{
    /// <summary>Sends the grant of the <see cref="DownstreamAnswer"/> feature.</summary>
    public static IConnectionBuilder UseDownstreamAnswer(this IConnectionBuilder builder) =>
        builder.Use(next => new DownstreamAnswerMiddleware(next).OnConnectionAsync);
}
