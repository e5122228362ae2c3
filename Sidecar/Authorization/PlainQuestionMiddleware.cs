using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Resolution;
using Sidecar.Transport.Epoll;

namespace Sidecar.Authorization;

/// <summary>Feature: the Oracle is asked, while the sidecar connects, if the connection should be a plain one.</summary>
/// <param name="Answer">Whether the connection goes on. If it does as a plain one, that is noted before.</param>
internal sealed record PlainQuestion(Task<bool> Answer);

/// <summary>
/// p1 asks the Oracle, before it greets, if the connection should be a plain one. If it should not, p1 asks for the transform after the
/// greeting as ever, so this question grants nothing but a plain connection.
/// </summary>
internal sealed class PlainQuestionMiddleware(ConnectionDelegate next, ListenerOptions listener, HostPort address, OracleClient oracle)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var route = connection.Features.Get<ConnectionRoute>()!;
        // A p1 that does not know the destination can only greet.
        if (info.Session.IsPlain() || route.Destination is not { } destination)
        {
            await next(connection);
            return;
        }

        var answer = AskAsync(connection, info, destination);
        if (CanConnectMeanwhile(connection, route, destination))
        {
            connection.Features.Set(new PlainQuestion(answer));
            try
            {
                await next(connection);
            }
            finally
            {
                // The question uses the connection.
                await answer;
            }
        }
        else if (await answer)
        {
            if (info.Session.IsPlain())
                connection.Features.Set(route.Plain());
            await next(connection);
        }
    }

    private async Task<bool> AskAsync(ConnectionContext connection, ConnectionInfo info, HostPort destination)
    {
        var route = new QuestionRoute(listener.Name, destination.Host, destination.Port, MayBePlain: true);
        var decision = await oracle.AskAsync(connection, address, new OracleQuestion(listener.Role, info.Id, info.Client.EndPoint, route));
        if (decision.Refusal is { } refusal)
            return info.End(refusal, decision.Detail);
        if (decision.IsPlain)
            info.Session = PeerSession.Plain;
        return true;
    }

    // If the answer does not decide where to connect. And only on the loop's thread, which no stage leaves before the connect if there is no name
    // to look up: so nothing of the connection is used by two threads at once.
    private bool CanConnectMeanwhile(ConnectionContext connection, ConnectionRoute route, HostPort destination) =>
        route.Upstream == destination && Resolver.Literal(destination) is not null && destination.Port != address.Port
        && connection.Features.Get<EventLoop>() is { } loop && EventLoop.Current == loop;
}

/// <summary>Waits for the answer to the <see cref="PlainQuestion"/>, before the first byte goes to the upstream.</summary>
internal sealed class PlainAnswerMiddleware(ConnectionDelegate next)
{
    public Task OnConnectionAsync(ConnectionContext connection)
    {
        var goesOn = connection.Features.Get<PlainQuestion>() is { } question ? new ValueTask<bool>(question.Answer) : new(true);
        return goesOn.ThenAsync(next, connection);
    }
}

internal static class PlainQuestionMiddlewareExtensions
{
    /// <summary>
    /// On a listener that asks for that, makes the connection a plain one if the Oracle says so, or ends it with an <c>oracle_</c> reason.
    /// <see cref="UsePlainAnswer"/> must follow.
    /// </summary>
    public static IConnectionBuilder UsePlainQuestion(this IConnectionBuilder builder, ListenerOptions listener, OracleClient oracle) =>
        listener is { OraclePlain: true, Oracle: { } address }
            ? builder.Use(next => new PlainQuestionMiddleware(next, listener, address, oracle).OnConnectionAsync)
            : builder;

    /// <summary>Waits for the answer, behind the connect.</summary>
    public static IConnectionBuilder UsePlainAnswer(this IConnectionBuilder builder, ListenerOptions listener) =>
        listener.OraclePlain ? builder.Use(next => new PlainAnswerMiddleware(next).OnConnectionAsync) : builder;
}
