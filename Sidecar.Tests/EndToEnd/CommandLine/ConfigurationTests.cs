using System.Text.Json;
using Processes;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.CommandLine;

/// <summary>What the program does with a configuration that is right: layers, files, records, ports that move.</summary>
public sealed class ConfigurationTests
{
    private const int User = 1337;

    private static readonly HttpClient Http = new();

    [Fact]
    public async Task File_WithAP1AndAP2_RunsBothInOneProcess()
    {
        await using var echo = new EchoServer();
        using var folder = new TempFolder();
        using var ports = new Demo.Programs.FreePorts();
        var (p1, p2) = (ports.Next(), ports.Next());
        ports.Dispose();
        var file = folder.Write("sidecar.yaml", $"""
            listeners:
              - name: inbound
                listen: 127.0.0.1:{p2}
                role: p2
                target: 127.0.0.1:{echo.Port}
                transform: xor 42
              - name: outbound
                listen: 127.0.0.1:{p1}
                role: p1
                target: 127.0.0.1:{p2}
                transform: xor 42
            metrics:
              address: 127.0.0.1:0
            health:
              address: 127.0.0.1:0
            admin:
              address: 127.0.0.1:0
            connection-records:
              path: {folder.File("records")}
            """);
        await using var sidecar = ProgramProcess.Start("Sidecar", "--config", file);
        await sidecar.ErrorLineAsync("Serving admin");
        using var client = await SocketTalk.ConnectAsync(p1);

        await client.SendAsync("hello");
        client.Finish();

        Assert.Equal("hello"u8.ToArray(), await client.ReadToEndAsync());
        var records = new ConnectionRecords(folder.File("records"));
        var outbound = await records.FirstAsync(r => r.Text("listener") == "outbound");
        var inbound = await records.FirstAsync(r => r.Text("listener") == "inbound");
        Assert.Equal(outbound.Id, inbound.Id);
        Assert.Equal(["completed", "completed"], [inbound.Reason, outbound.Reason]);
        Assert.Equal("(xor 42)", inbound.Text("transform"));
        Assert.Equal(5, inbound.Number("downstream_received"));
    }

    [Fact]
    public async Task Layers_CommandLineWinsOverEnvironmentWinsOverFile()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", """
            listeners:
              - listen: 127.0.0.1:0
                target: 127.0.0.1:1
                name: from-file
                role: p1
            metrics: { address: "127.0.0.1:0" }
            health: { address: "127.0.0.1:0" }
            """);
        var variables = new Dictionary<string, string>
        {
            ["SIDECAR__CONFIG"] = file,
            ["SIDECAR__ADMIN__ADDRESS"] = "127.0.0.1:0",
            ["SIDECAR__LISTENERS__0__TARGET"] = "127.0.0.1:2",
            ["SIDECAR__LISTENERS__0__ROLE"] = "p2",
        };
        await using var sidecar = ProgramProcess.Start("Sidecar", variables, "--target", "127.0.0.1:3");
        var admin = (await sidecar.ErrorLineAsync("Serving admin")).Split(' ')[^1];

        var json = await Http.GetStringAsync(new Uri($"http://{admin}/listeners"), TestContext.Current.CancellationToken);

        var listener = JsonDocument.Parse(json).RootElement[0];
        Assert.Equal("from-file", listener.GetProperty("name").GetString());
        Assert.Equal("inbound", listener.GetProperty("role").GetString());
        Assert.Equal("127.0.0.1:3", listener.GetProperty("target").GetString());
    }

    [Theory]
    [InlineData("off")]
    [InlineData("-")]
    [InlineData("file")]
    public async Task Records_GoWhereTheyAreWanted(string where)
    {
        await using var echo = new EchoServer();
        using var folder = new TempFolder();
        var path = where == "file" ? folder.File("records") : where;
        await using var sidecar = ProgramProcess.Start("Sidecar",
            "--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{echo.Port}", "--connection-records", path,
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0");
        using var client = await SocketTalk.ConnectAsync(await sidecar.ListenerPortAsync());
        client.Finish();
        Assert.Empty(await client.ReadToEndAsync());

        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());

        Assert.Equal(where == "-" ? 1 : 0, sidecar.Output.Count(line => RecordedConnection.Parse(line).Reason == "completed"));
        Assert.Equal(where == "-" ? 1 : 0, sidecar.Output.Count);
        Assert.Equal(where == "file" ? 1 : 0, new ConnectionRecords(folder.File("records")).Read().Count);
        Assert.Equal(where == "file", File.Exists(path));
    }

    [Fact]
    public async Task TwoSidecars_FromPositionalFormsAlone_BothStartAndTellWhereTheirEndpointsAre()
    {
        await using var echo = new EchoServer();
        using var ports = new Demo.Programs.FreePorts();
        var (p1, p2) = (ports.Next(), ports.Next());
        ports.Dispose();

        await using var second = ProgramProcess.Start("Sidecar", $"{p2}", "127.0.0.1", $"{echo.Port}", "0.0.0.0", "server");
        var secondMetrics = await MetricsPortAsync(second);
        await using var first = ProgramProcess.Start("Sidecar", $"{p1}", "127.0.0.1", $"{p2}", "0.0.0.0", "client");
        var firstMetrics = await MetricsPortAsync(first);

        Assert.NotEqual(firstMetrics, secondMetrics);
        Assert.Contains(first.Errors, line => line.Contains(":15090 is taken, and will be used as soon as it is free", StringComparison.Ordinal));
        using var client = await SocketTalk.ConnectAsync(p1);
        await client.SendAsync("hello");
        client.Finish();
        Assert.Equal("hello"u8.ToArray(), await client.ReadToEndAsync());
        foreach (var port in new[] { firstMetrics, secondMetrics })
        {
            var page = await Http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
            Assert.Contains("sidecar_connections_opened_total{", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Restart_WhileTheOldProcessDrains_WarnsAndTakesItsPortsOnceItHasGone()
    {
        RootTools.Require();
        // Of its own: elsewhere other programs may have the default ports.
        await using var space = await NetworkNamespace.CreateAsync();
        await using var old = space.Start(User, "Sidecar", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:9");
        Assert.Equal(15090, await MetricsPortAsync(old));
        await using var next = space.Start(User, "Sidecar", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--admin-address", "127.0.0.1:0");
        Assert.NotEqual(15090, await MetricsPortAsync(next));
        Assert.Contains(next.Errors, line => line.Contains("warn: ", StringComparison.Ordinal) && line.Contains(":15090 is taken, and will be used as soon as it is free", StringComparison.Ordinal));

        old.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await old.ExitCodeAsync());

        await next.ErrorLineAsync(":15090 is free again");
        await next.ErrorLineAsync(":15021 is free again");
        Assert.Contains("sidecar_connections_opened_total{", await space.RunAsync("curl -s --noproxy '*' http://127.0.0.1:15090/metrics"), StringComparison.Ordinal);
        Assert.Equal("ready\n", await space.RunAsync("curl -s --noproxy '*' http://127.0.0.1:15021/readyz"));
    }

    private static async Task<int> MetricsPortAsync(ProgramProcess sidecar)
    {
        await sidecar.ErrorLineAsync("Serving admin");
        return int.Parse((await sidecar.ErrorLineAsync("Serving metrics")).Split(':')[^1]);
    }
}
