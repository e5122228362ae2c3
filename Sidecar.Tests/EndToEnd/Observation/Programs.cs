using Processes;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>Clients and servers that others wrote.</summary>
internal static class Programs
{
    /// <summary>nginx that logs method, URI, status and the bytes of both messages of each request, one line each.</summary>
    public static Task<ServerProgram> NginxAsync(string listen = "") => Nginx.StartAsync(port => $$"""
        log_format exchange '$request_method $request_uri $status $request_length $bytes_sent';
        access_log {{Log}} exchange;
        keepalive_requests 1000000;
        client_max_body_size 100m;
        server {
          listen 127.0.0.1:{{port}} {{listen}};
          location / { return 200 "hello $arg_n\n"; }
          location /empty { return 204; }
          location /moved { return 301 /; }
          location /missing { return 404; }
          location /broken { return 500; }
          location /dropped { return 444; }
          location /compressed { gzip on; gzip_min_length 1; gzip_types *; root .; }
          location /file { root .; dav_methods PUT; create_full_put_path on; }
        }
        """);

    /// <summary>Its log so far, oldest line first.</summary>
    public static IReadOnlyList<string> LogOf(ServerProgram nginx) => File.ReadAllLines(nginx.FileOf(Log));

    /// <summary>Runs a client to its end, at most a minute.</summary>
    public static async Task<string> RunAsync(string command, string package, params IEnumerable<string> words)
    {
        if (!File.Exists($"/usr/bin/{command}"))
            Assert.Skip($"{command} is missing (Debian package {package})");
        var client = new ProcessCommand(command, [command, .. words]) { Environment = new Dictionary<string, string> { ["no_proxy"] = "*" } };
        return (await Run.ToEndAsync(client)).Well(command);
    }

    private const string Log = "access.log";
}
