using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Capture;

/// <summary>Real programs over a link that loses, repeats, reorders, delays and damages packets: what TCP repairs, <c>observe</c> sees repaired.</summary>
[SystemTest]
public sealed class UnreliableLinkTests : IDisposable
{
    private const int Port = 28_082;
    private const int Count = 600;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("packet", "http1", 1)]
    [InlineData("packet", "http2", 2)]
    [InlineData("ebpf", "http1", 3)]
    [InlineData("ebpf", "http2", 4)]
    public async Task Records_AreThoseThatNginxHasLogged(string source, string protocol, int seed)
    {
        RootTools.Require("nginx", "h2load");
        await using var client = await NetworkNamespace.CreateAsync();
        await using var server = await NetworkNamespace.CreateAsync();
        using var link = await UnreliableLink.JoinAsync(client, server, seed);
        // eBPF sees answers where they come in only if it does not see where they go out.
        await using var group = source == "ebpf" ? TestGroup.Create("client") : null;
        await using var nginx = server.StartCommand("nginx", "-p", _folder.Root, "-e", "stderr", "-c", Configuration(protocol));
        await Eventually.TrueAsync(() => IsListening(server));
        await using var observe = Observe(client, source, group);
        await observe.ErrorLineAsync("Capturing from");

        string[] inside = ["ip", "netns", "exec", client.Name];
        string[] launcher = group is null ? inside : ["sh", "-c", group.Enter("\"$@\""), "sh", .. inside];
        await using (var load = ProgramProcess.StartCommand([.. launcher, "h2load", "-n", $"{Count}", "-c", "4", .. protocol == "http2" ? ["-m", "5"] : (string[])["--h1", "-m", "1"], "-i", Addresses()]))
        {
            Assert.Equal(0, await load.ExitCodeAsync());
            Assert.Contains(load.Output, line => line.Contains($"{Count} succeeded", StringComparison.Ordinal));
        }

        IEnumerable<string> Logged() => File.ReadLines(_folder.File("access.log"));
        string[] Recorded() => [.. ExchangeRecords.Read(_folder.File("observed")).Select(r => $"{r.Method} {r.Url} {r.Status} {r.ResponseBytes}")];
        await Eventually.TrueAsync(() => Recorded().Length >= Count, () => $"{Recorded().Length} records\n{string.Join('\n', observe.Errors)}");
        // Of HTTP/2 nginx counts the frames of the connection too.
        string Comparable(string line) => protocol == "http2" ? line[..line.LastIndexOf(' ')] : line;
        Assert.Equal(Logged().Select(Comparable).Order(StringComparer.Ordinal), Recorded().Select(Comparable).Order(StringComparer.Ordinal));
        Assert.Equal(["completed"], ExchangeRecords.Read(_folder.File("observed")).Select(r => r.Outcome).Distinct());
    }

    private ProgramProcess Observe(NetworkNamespace client, string source, TestGroup? group)
    {
        string[] words =
        [
            "observe", "--capture", source, .. source == "packet" ? ["--capture-interface", UnreliableLink.Interface] : (string[])["--capture-cgroups", group!.Folder], "--capture-ports", $"{Port}",
            "--records", _folder.File("observed"), "--records-connection-rate", "off", "--records-client-rate", "off", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off",
        ];
        // eBPF sees all namespaces.
        return source == "packet" ? client.StartCommand(ProgramProcess.CommandOf([], "Sidecar", words).Words) : ProgramProcess.Start("Sidecar", words);
    }

    // Answers of a segment and of many.
    private string Addresses() => _folder.Write("addresses", string.Join('\n', Enumerable.Range(0, Count).Select(i => $"http://{UnreliableLink.Other}:{Port}/{(i % 4 == 0 ? "large" : "small")}?n={i}")) + "\n");

    private string Configuration(string protocol)
    {
        _folder.Write("large", new string('.', 40_000));
        return _folder.Write("nginx.conf", $$"""
            daemon off; master_process off; pid nginx.pid; error_log stderr error;
            events {}
            http {
              client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
              log_format exchange '$request_method $request_uri $status $bytes_sent';
              access_log access.log exchange;
              keepalive_requests 100000;
              server {
                listen {{UnreliableLink.Other}}:{{Port}}{{(protocol == "http2" ? " http2" : "")}};
                location /small { return 200 "hello $arg_n\n"; }
                location /large { root .; }
              }
            }
            """);
    }

    private static bool IsListening(NetworkNamespace server)
    {
        try
        {
            NamespaceThread.Run(server.Name, user: 0, group: 0, () =>
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Parse(UnreliableLink.Other), Port);
                return true;
            });
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
