namespace Sidecar.Tests.Support.Peers;

/// <summary>nginx with what a test puts into its http block.</summary>
internal static class Nginx
{
    public static Task<ServerProgram> StartAsync(Func<int, string> http) => ServerProgram.StartAsync("nginx", "nginx", (port, folder) =>
    [
        "-p", folder.Root, "-e", "stderr", "-c", folder.Write("nginx.conf", $$"""
            daemon off; master_process off; pid nginx.pid; error_log stderr error;
            events {}
            http {
            client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
            {{http(port)}}
            }
            """),
    ]);
}
