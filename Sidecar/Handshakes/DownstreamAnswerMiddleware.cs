using Microsoft.AspNetCore.Connections;

namespace Sidecar.Handshakes;

/// <summary>The upstream is reached: sends the answer to a SOCKS client or p1, if one waits for it.</summary>
internal sealed class DownstreamAnswerMiddleware(ConnectionDelegate next)
{
    public Task OnConnectionAsync(ConnectionContext connection) =>
        connection.Features.Get<DownstreamAnswer>() is { } answer ? GrantAsync(answer, connection) : next(connection);

    private async Task GrantAsync(DownstreamAnswer answer, ConnectionContext connection)
    {
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
