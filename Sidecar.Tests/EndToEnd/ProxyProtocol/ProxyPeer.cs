using Sidecar.Tests.Support.Peers;

namespace Sidecar.Tests.EndToEnd.ProxyProtocol;

/// <summary>HAProxy or nginx with a configuration of the test's own: programs that others wrote for the same protocol.</summary>
internal static class ProxyPeer
{
    /// <summary>HAProxy in TCP mode that passes connections of both families on to a port, with options of a server line: <c>send-proxy-v2</c>.</summary>
    /// <remarks>A server line with <c>check</c> sends a word, which the server must send back.</remarks>
    public static Task<ServerProgram> HaproxyToAsync(int target, string serverOptions) => HaproxyAsync(port => $"""
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
    public static Task<ServerProgram> AnsweringAsync(string program) => program == "nginx" ? NginxAnsweringAsync() : HaproxyAsync(port => $"""
        frontend in
          mode http
          bind 127.0.0.1:{port} accept-proxy
          http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"

        """);

    private static Task<ServerProgram> NginxAnsweringAsync() => Nginx.StartAsync(port => $$"""
        access_log off;
        server {
          listen 127.0.0.1:{{port}} proxy_protocol;
          return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port";
        }
        """);

    private static Task<ServerProgram> HaproxyAsync(Func<int, string> sections) => ServerProgram.StartAsync("haproxy", "haproxy", (port, folder) =>
    [
        "-db", "-f", folder.Write("haproxy.conf", $"""
            defaults
              timeout connect 20s
              timeout client 20s
              timeout server 20s
              timeout check 20s

            {sections(port)}
            """),
    ]);
}
