using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Both ends of a TCP connection.</summary>
internal sealed class Exchange(Socket client, Socket server) : IDisposable
{
    public static readonly byte[] Request = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n"u8.ToArray();
    public static readonly byte[] Answer = "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray();

    public Socket Client => client;

    public Socket Server => server;

    public IPEndPoint ClientEnd => Canonical(client.LocalEndPoint!);

    public IPEndPoint ServerEnd => Canonical(client.RemoteEndPoint!);

    /// <summary>Connects from one namespace to an address of another, or of the same.</summary>
    public static async Task<Exchange> ConnectAsync(NetworkNamespace from, NetworkNamespace to, IPAddress address, int port)
    {
        using var listener = to.Listen(port);
        var accepted = listener.AcceptAsync(TestContext.Current.CancellationToken);
        return new Exchange(await from.ConnectAsync(address, port, user: 0), await accepted);
    }

    /// <summary>Sends a request and its answer.</summary>
    public async Task TalkAsync(byte[]? request = null, byte[]? answer = null)
    {
        await client.SendAllAsync(request ?? Request);
        await server.ReadAsync((request ?? Request).Length);
        await server.SendAllAsync(answer ?? Answer);
        await client.ReadAsync((answer ?? Answer).Length);
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    private static IPEndPoint Canonical(EndPoint end) => end is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped ? new(mapped.Address.MapToIPv4(), mapped.Port) : (IPEndPoint)end;
}
