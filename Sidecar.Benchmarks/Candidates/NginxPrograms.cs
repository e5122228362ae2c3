using System.Text;
using Processes;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>nginx with two workers: the stream relay, and the HTTP origin of all candidates.</summary>
internal static class NginxPrograms
{
    // The body of the origin's answers.
    public const int BodyLength = 1024;

    // For 4,000 idle connections of two descriptors each, should one worker get them all.
    private const int WorkerConnections = 9000;

    /// <summary>Where the origin has a body for which a head is nothing, and its length.</summary>
    public const string LargePath = "large";
    public const int LargeLength = 10_000_000;

    /// <summary>TCP in, TCP out.</summary>
    public static CandidatePart Relay(Workshop shop, RelayPorts entry)
    {
        var servers = new StringBuilder();
        foreach (var route in entry.To(shop.Origin))
            servers.AppendLine($"  server {{ listen 127.0.0.1:{route.Listen}; proxy_pass 127.0.0.1:{route.Target}; proxy_timeout 1h; }}");
        return Create(shop, "nginx", $$"""
            load_module modules/ngx_stream_module.so;
            {{Common(shop)}}
            stream {
            {{servers}}}
            """, entry.Http);
    }

    /// <summary>Answers requests with the same body from memory, or with a large one from a file.</summary>
    public static CandidatePart Origin(Workshop shop)
    {
        File.WriteAllBytes(Path.Combine(shop.Folder, LargePath), new byte[LargeLength]);
        return Create(shop, "origin", OriginConfig(shop), shop.Origin.Http);
    }

    // Where root starts it, its workers would be a user who may not read the folder; elsewhere the line means nothing.
    private static string OriginConfig(Workshop shop) => $$"""
        user root;
        {{Common(shop)}}
        http {
          access_log off;
          keepalive_requests 1000000000;
          keepalive_timeout 1h;
          default_type text/plain;
          client_body_temp_path {{shop.Folder}}/body;
          proxy_temp_path {{shop.Folder}}/proxy;
          fastcgi_temp_path {{shop.Folder}}/fastcgi;
          uwsgi_temp_path {{shop.Folder}}/uwsgi;
          scgi_temp_path {{shop.Folder}}/scgi;
          server { listen 127.0.0.1:{{shop.Origin.Http}} backlog=4096; location / { return 200 "{{Body}}"; } location /{{LargePath}} { root {{shop.Folder}}; sendfile on; } }
        }
        """;

    /// <summary>What the origin answers.</summary>
    public static string Body { get; } = string.Concat(Enumerable.Range(0, BodyLength).Select(i => (char)('a' + (i % 26))));

    private static string Common(Workshop shop) => $$"""
        daemon off;
        worker_processes 2;
        pid {{shop.Folder}}/nginx-{{Guid.NewGuid():N}}.pid;
        events { worker_connections {{WorkerConnections}}; }
        """;

    private static CandidatePart Create(Workshop shop, string name, string config, int port)
    {
        var path = shop.Write($"{name}.conf", config);
        return new(new ProcessCommand(name, shop.Programs.Nginx, "-e", "stderr", "-c", path), port);
    }
}
