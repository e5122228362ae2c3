using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Listeners;
using Sidecar.Options;
using Sidecar.Transport;

namespace Sidecar.Tests.Listeners;

/// <summary>A transport that accepts nothing, and remembers which sockets were opened and closed.</summary>
internal sealed class RecordingTransport : IProxyTransport, IDisposable
{
    public List<Opening> Opened { get; } = [];

    public List<IPEndPoint> Stopped { get; } = [];

    public Action? OnStop { get; set; }

    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted)
    {
        var opening = new Opening(this, address, socket, accepted);
        Opened.Add(opening);
        return opening;
    }

    /// <summary>Replaces the listeners of a table; each connection notes its generation in its items.</summary>
    public static async Task<IReadOnlyList<Listener>?> ReplaceAsync(ListenerTable table, int generation, params IReadOnlyList<ListenerOptions> wanted)
    {
        using var sockets = new ListenSockets();
        var planned = ListenerPlan.Make(table.Current, wanted, sockets, ListenSockets.DefaultBacklog);
        return await table.ReplaceAsync(planned, sockets, generation, _ => connection =>
        {
            connection.Items["generation"] = generation;
            return Task.CompletedTask;
        });
    }

    public void Dispose() => Opened.ForEach(opening => opening.Socket.Dispose());

    internal sealed record Opening(RecordingTransport Transport, IPEndPoint Address, Socket Socket, ConnectionDelegate Accepted) : IProxyListener
    {
        public Task StopAsync()
        {
            Transport.OnStop?.Invoke();
            if (!Transport.Stopped.Contains(Address))
                Transport.Stopped.Add(Address);
            Socket.Dispose();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => new(StopAsync());
    }
}
