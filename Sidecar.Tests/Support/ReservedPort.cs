using System.Net;
using System.Net.Sockets;

namespace Sidecar.Tests.Support;

/// <summary>A port of loopback that refuses connections until a server of the test listens there; no other test gets it.</summary>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket _bound = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort() => _bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>Its number.</summary>
    public int Number => ((IPEndPoint)_bound.LocalEndPoint!).Port;

    /// <summary>The server that will be there.</summary>
    public Uri Url => new($"http://127.0.0.1:{Number}");

    public void Dispose() => _bound.Dispose();
}
