using System.Net.Sockets;
using Demo.Programs;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.EndToEnd.ProxyProtocol;

/// <summary>HAProxy or nginx with a configuration of the test's own: programs that others wrote for the same protocol.</summary>
internal sealed class ProxyPeer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ProgramProcess _process;

    private ProxyPeer(string command, string package, Func<int, string> config, Func<string, string, IReadOnlyList<string>> words)
    {
        if (!File.Exists($"/usr/sbin/{command}"))
            Assert.Skip($"{command} is missing (Debian package {package})");
        // Neither program can be asked for any free port; nobody else is given one of this range.
        using var free = new FreePorts();
        Port = free.Next();
        var file = _folder.Write($"{command}.conf", config(Port));
        free.Dispose();
        _process = ProgramProcess.StartCommand([$"/usr/sbin/{command}", .. words(_folder.Root, file)]);
    }

    /// <summary>Where it listens on loopback.</summary>
    public int Port { get; }

    /// <summary>HAProxy in TCP mode that passes connections of both families on to a port, with options of a server line: <c>send-proxy-v2</c>.</summary>
    /// <remarks>A server line with <c>check</c> sends a word, which the server must send back.</remarks>
    public static Task<ProxyPeer> HaproxyToAsync(int target, string serverOptions) => HaproxyAsync(port => $"""
        listen out
          mode tcp
          bind 127.0.0.1:{port}
          bind [::1]:{port}
          option tcp-check
          tcp-check send healthy
          tcp-check expect string healthy
          server sidecar 127.0.0.1:{target} {serverOptions}

        """);

    /// <summary>
    /// A server that demands a PROXY header and answers over HTTP what it takes from it: address and port of the client,
    /// then of the destination.
    /// </summary>
    public static Task<ProxyPeer> AnsweringAsync(string program) => program == "nginx" ? NginxAnsweringAsync() : HaproxyAsync(port => $"""
        frontend in
          mode http
          bind 127.0.0.1:{port} accept-proxy
          http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"

        """);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static Task<ProxyPeer> NginxAnsweringAsync() => StartedAsync(new ProxyPeer(
        "nginx", "nginx",
        port => $$"""
            daemon off; master_process off; pid nginx.pid; error_log stderr error;
            events {}
            http {
              access_log off;
              client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
              server {
                listen 127.0.0.1:{{port}} proxy_protocol;
                return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port";
              }
            }
            """,
        (folder, file) => ["-p", folder, "-e", "stderr", "-c", file]));

    private static Task<ProxyPeer> HaproxyAsync(Func<int, string> sections) => StartedAsync(new ProxyPeer(
        "haproxy", "haproxy",
        port => $"""
            defaults
              timeout connect 20s
              timeout client 20s
              timeout server 20s
              timeout check 20s

            {sections(port)}
            """,
        (_, file) => ["-db", "-f", file]));

    private static async Task<ProxyPeer> StartedAsync(ProxyPeer peer)
    {
        await Eventually.TrueAsync(peer.Accepts, () => string.Join('\n', peer._process.Errors));
        return peer;
    }

    private bool Accepts()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(System.Net.IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return false;
        }
    }
}
