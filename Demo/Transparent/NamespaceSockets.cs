using System.Net;
using System.Net.Sockets;
using Demo.Verification;
using Processes;

namespace Demo.Transparent;

/// <summary>
/// Makes sockets inside a network namespace: a socket belongs to the namespace of the thread that creates it, for good,
/// wherever it is used. So a thread of its own enters the namespace, creates the socket and ends.
/// </summary>
/// <param name="name">The namespace's name, or the path of its file.</param>
internal sealed class NamespaceSockets(string name)
{
    /// <summary>An HTTP client with connections that start inside.</summary>
    public HttpFetcher Fetcher() => new(ConnectAsync);

    /// <summary>Opens a connection for an HTTP client.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var to = new IPEndPoint(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port);
        var socket = await CreateAsync(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(to, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Creates a socket.</summary>
    /// <exception cref="ProcessFailedException">The namespace cannot be entered.</exception>
    public Task<Socket> CreateAsync(AddressFamily family, SocketType type, ProtocolType protocol)
    {
        var created = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                // Shared for writing, or else .NET would lock a file that has no locks.
                using var file = File.OpenHandle(Path.Combine("/run/netns", name), share: FileShare.ReadWrite);
                Libc.EnterNetworkNamespace(file);
                created.SetResult(new Socket(family, type, protocol));
            }
            catch (Exception error)
            {
                created.SetException(new ProcessFailedException($"no socket in {name}: {error.Message}", error));
            }
        })
        { IsBackground = true, Name = $"enters {name}" }.Start();
        return created.Task;
    }
}
