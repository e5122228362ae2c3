using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Transport.Sockets;

/// <summary>
/// Writes to the accepted socket itself, so that the end of the answer is a FIN. Kestrel's socket transport would close both
/// directions then and lose what the client still sends.
/// </summary>
internal sealed class HalfCloseMiddleware(ConnectionDelegate next)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is not { Socket: var socket })
        {
            await next(connection);
            return;
        }

        var raw = new FrameworkSocket(socket);
        if (OpenWriter(raw, connection.Report()) is not { } output)
            return;
        connection.Features.Set<IRawSocket>(raw);
        var original = connection.Transport;
        connection.Transport = new Pipes(original.Input, output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = original;
        }
    }

    private static PipeWriter? OpenWriter(FrameworkSocket socket, ConnectionReport report)
    {
        try
        {
            return SendingSide.CreateWriter(socket);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The client has reset before anyone could look at it.
            report.End(RelayEndReason.ClientReset, error.Message);
            return null;
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

internal static class HalfCloseMiddlewareExtensions
{
    /// <summary>Lets each direction of a connection that Kestrel's transport accepted end on its own; the event loops' do so by themselves.</summary>
    public static IConnectionBuilder UseHalfClose(this IConnectionBuilder builder, TransportKind transport) =>
        transport == TransportKind.Sockets ? builder.Use(next => new HalfCloseMiddleware(next).OnConnectionAsync) : builder;
}
