using System.Text.Json;
using Processes;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Capture;

/// <summary>The processes and containers of both ends in the records of <c>Sidecar observe</c>.</summary>
[SystemTest]
public sealed class ProcessTests
{
    private const int Port = 28_081;

    // As podman names the group of a container.
    private static readonly string Client = new('c', 64);
    private static readonly string Server = new('5', 64);

    [Theory]
    [InlineData("ebpf")]
    [InlineData("packet")]
    public async Task OfThisNamespace_HaveTheirCommands(string source)
    {
        RootTools.Require();
        await using var nginx = await Programs.NginxAsync();
        await using var observe = await ObserveAsync("--capture", source, "--capture-ports", $"{nginx.Port}");

        // A search that takes longer than a record waits for it leaves its process out; the connection stays, so a later record has it.
        await using var curl = ProgramProcess.StartCommand("curl", "-sS", "-o", "/dev/null", "--rate", "10/s", $"http://127.0.0.1:{nginx.Port}/?n=[1-250]");
        await Eventually.TrueAsync(async () => (await RecordAsync(observe)).GetProperty("pid").GetInt32() > 0);

        var record = await RecordAsync(observe);
        var pid = record.GetProperty("pid").GetInt32();
        Assert.Equal("nginx", File.ReadAllText($"/proc/{pid}/comm").Trim());
        Assert.Equal("nginx", Text(record, "server_command"));
        // A packet socket does not know who connects.
        if (source == "ebpf")
            Assert.Equal(("curl", true), (Text(record, "client_command"), record.GetProperty("ext").GetProperty("client_pid").GetInt32() > 0));
    }

    // As of two containers of a pod, which this network namespace cannot reach.
    [Fact]
    public async Task OfContainers_HaveTheirProcessesAndIds()
    {
        RootTools.Require("python3");
        await using var ofServer = TestGroup.Create($"libpod-{Server}.scope");
        await using var ofClient = TestGroup.Create($"cri-containerd-{Client}.scope");
        await using var space = await NetworkNamespace.CreateAsync();
        await using var server = ProgramProcess.StartCommand("sh", "-c", ofServer.Enter($"ip netns exec {space.Name} python3 -u -m http.server {Port} --bind 127.0.0.1"));
        await Eventually.TrueAsync(() => server.Output.Count > 0);
        await using var observe = await ObserveAsync("--capture", "ebpf", "--capture-ports", $"{Port}");

        // It stays until its connection is looked up.
        await using var client = ProgramProcess.StartCommand("sh", "-c", ofClient.Enter($"ip netns exec {space.Name} python3 -u -c \"$1\""), "sh", $$"""
            import http.client, time
            connection = http.client.HTTPConnection('127.0.0.1', {{Port}})
            connection.request('GET', '/')
            response = connection.getresponse()
            time.sleep(600)
            """);

        var record = await RecordAsync(observe);
        Assert.Equal((server.Id, client.Id), (record.GetProperty("pid").GetInt32(), record.GetProperty("ext").GetProperty("client_pid").GetInt32()));
        Assert.Equal(("python3", "python3"), (Text(record, "server_command"), Text(record, "client_command")));
        Assert.Equal((Server, Client), (Text(record, "server_container"), Text(record, "client_container")));
    }

    // It is gone before its packets are read; its network namespace and its container too.
    [Fact]
    public async Task OfAShortProcess_IsKnownFromItsCall()
    {
        RootTools.Require();
        await using var group = TestGroup.Create($"docker-{Client}.scope");
        await using var nginx = await Programs.NginxAsync();
        await using var observe = await ObserveAsync("--capture", "ebpf", "--capture-ports", $"{nginx.Port}");

        (await Run.ToEndAsync("sh", "-c", group.Enter($"curl -sS -o /dev/null http://127.0.0.1:{nginx.Port}/a"))).Well("curl");

        var record = await RecordAsync(observe);
        Assert.Equal(("curl", Client), (Text(record, "client_command"), Text(record, "client_container")));
    }

    [Fact]
    public async Task Groups_AreChosenAndChangeWhileRunning()
    {
        RootTools.Require();
        await using var one = TestGroup.Create("one");
        await using var other = TestGroup.Create("other");
        using var folder = new TempFolder();
        await using var nginx = await Programs.NginxAsync();
        var config = folder.Write("observe.yaml", Config(one.Folder));
        await using var observe = await ObserveAsync("--config", config);
        await GetAsync(one, "/1");
        await GetAsync(other, "/2");
        await Eventually.TrueAsync(() => observe.Output.Count > 0);

        File.WriteAllText(config, Config(other.Folder));
        observe.Signal(ProcessSignal.HangUp);
        await observe.ErrorLineAsync("is in force as generation 2");
        await GetAsync(one, "/3");
        await GetAsync(other, "/4");
        await Eventually.TrueAsync(() => observe.Output.Count > 1);
        File.WriteAllText(config, Config("/nowhere"));
        observe.Signal(ProcessSignal.HangUp);
        await observe.ErrorLineAsync("capture.cgroups '/nowhere': no folder of a control group (version 2) is there; generation 2 stays in force");

        Assert.Equal(["/1", "/4"], observe.Output.Select(line => RecordedExchange.Parse(line).Url));

        string Config(string group) => $"capture: {{source: ebpf, ports: [{nginx.Port}], cgroups: [{group}]}}\n";
        async Task GetAsync(TestGroup group, string path) => (await Run.ToEndAsync("sh", "-c", group.Enter($"curl -sS -o /dev/null http://127.0.0.1:{nginx.Port}{path}"))).Well("curl");
    }

    private static async Task<ProgramProcess> ObserveAsync(params string[] words)
    {
        var observe = ProgramProcess.Start("Sidecar", ["observe", .. words, "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off"]);
        await observe.ErrorLineAsync("Capturing from");
        return observe;
    }

    private static async Task<JsonElement> RecordAsync(ProgramProcess observe)
    {
        await Eventually.TrueAsync(() => observe.Output.Count > 0, () => string.Join('\n', observe.Errors));
        return RecordedExchange.Parse(observe.Output[^1]).Json;
    }

    private static string? Text(JsonElement record, string field) => record.GetProperty("ext").TryGetProperty(field, out var text) ? text.GetString() : null;
}
