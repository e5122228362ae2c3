using System.Net;
using System.Net.Sockets;
using System.Text;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.ProxyProtocol;

/// <summary>Clients with addresses that tell them apart from the proxies behind them.</summary>
internal static class Clients
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Connects to loopback from a loopback address: 127.0.0.77, or ::1, which is the only one of IPv6.</summary>
    public static async Task<Socket> ConnectFromAsync(string source, int port)
    {
        var address = IPAddress.Parse(source);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(address, 0));
        var loopback = address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        await socket.ConnectAsync(loopback, port, Cancellation).AsTask().WaitAsync(SocketTalk.Limit);
        return socket;
    }

    /// <summary>What a server should say: address and port of the client, then of what it connected to.</summary>
    public static string Ends(this Socket client)
    {
        var (local, remote) = ((IPEndPoint)client.LocalEndPoint!, (IPEndPoint)client.RemoteEndPoint!);
        return $"{local.Address} {local.Port} {remote.Address} {remote.Port}";
    }

    /// <summary>The body of an answer over HTTP.</summary>
    public static async Task<string> GetAsync(this Socket client)
    {
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
        var answer = Encoding.Latin1.GetString(await client.ReadToEndAsync());
        Assert.StartsWith("HTTP/1.", answer, StringComparison.Ordinal);
        return answer.Split("\r\n\r\n")[1];
    }

    /// <summary>curl that sends a PROXY header of version 1: the server's answer, and what curl says of its connection.</summary>
    public static async Task<(string Answer, string Ends)> CurlAsync(string url)
    {
        var output = await Run.WellAsync(
            "curl", "-sS", "--max-time", "20", "--noproxy", "*", "--haproxy-protocol", "-w", "|%{local_ip} %{local_port} %{remote_ip} %{remote_port}", url);
        return output.Split('|') is [var answer, var ends] ? (answer, ends) : throw new InvalidOperationException(output);
    }
}
