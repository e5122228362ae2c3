using System.Net;
using System.Net.Sockets;
using Sidecar.Configuration;
using Sidecar.Hosting;

namespace Sidecar.Benchmarks.Micro;

/// <summary>A sidecar in this process between a client socket and an upstream listener, both held by the benchmark.</summary>
internal sealed class InProcessSidecar : IAsyncDisposable
{
    private readonly Socket _upstream = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly SidecarApp? _app;
    private readonly EndPoint _entry;

    private InProcessSidecar(string transform)
    {
        _upstream.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _upstream.Listen();
        if (transform == Direct)
        {
            _entry = _upstream.LocalEndPoint!;
            return;
        }

        const string free = "127.0.0.1:0";
        _app = SidecarApp.Create(new ConfigurationReader(
        [
            Set("listeners.0.listen", free), Set("listeners.0.target", $"{_upstream.LocalEndPoint}"), Set("listeners.0.transform", transform),
            Set("metrics.address", free), Set("health.address", free), Set("admin.address", free),
            Set("connection-records.path", "off"), Set("log.level", "warning"),
        ], []));
        _entry = _app.Listeners[0];
    }

    /// <summary>The value of a transform that means no sidecar at all: what the benchmark itself costs.</summary>
    public const string Direct = "direct";

    public static async Task<InProcessSidecar> StartAsync(string transform)
    {
        var sidecar = new InProcessSidecar(transform);
        if (sidecar._app is { } app)
            await app.StartAsync();
        return sidecar;
    }

    /// <summary>Connects a client; both ends of its way.</summary>
    public (Socket Client, Socket Upstream) Connect()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Connect(_entry);
        return (client, _upstream.Accept());
    }

    /// <summary>Reads until the buffer is full.</summary>
    public static void Fill(Socket socket, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = socket.Receive(buffer);
            buffer = read > 0 ? buffer[read..] : throw new EndOfStreamException("the connection ended");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is { } app)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        _upstream.Dispose();
    }

    private static Chassis.Settings.Setting Set(string key, string value) => new(key, value, key);
}
