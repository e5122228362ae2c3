using System.Net.Sockets;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.CommandLine;

/// <summary>What a user did wrong is one line each on stderr that names it, and exit code 2.</summary>
public sealed class UsageErrorTests
{
    [Theory]
    [InlineData("", "no listener", "--help")]
    [InlineData("--no-such-option|1", "--no-such-option", "unknown option")]
    [InlineData("45000|127.0.0.1", "<target-port", "--help")]
    [InlineData("frobnicate", "'frobnicate'", "--help")]
    [InlineData("45000|127.0.0.1|9000|127.0.0.1|boss", "<role> 'boss'", "p2")]
    [InlineData("--listen|127.0.0.1:0|--role|boss", "--role 'boss'", "p2")]
    [InlineData("--listen|127.0.0.1:0|--mode|magic", "--mode 'magic'", "socks4")]
    [InlineData("45000|nil|9000", "'nil 9000'", "must both be nil")]
    [InlineData("45000|127.0.0.1|nil", "'127.0.0.1 nil'", "must both be nil")]
    [InlineData("99999|127.0.0.1|9000", "<listen-port>", "0 to 65535")]
    [InlineData("45000|127.0.0.1|0", "<target-port> '127.0.0.1:0'", "1 to 65535")]
    [InlineData("45000|127.0.0.1|9000|300.1.1.1|alone", "<listen-host>", "300.1.1.1")]
    [InlineData("--listen|203.0.113.9:0|--target|127.0.0.1:9", "--listen '203.0.113.9:0'", "no such address")]
    [InlineData("--listen|0|--target|no host:9", "--target 'no host:9'", "host")]
    [InlineData("--listen|0|--idle-timeout|3", "--idle-timeout '3'", "500ms")]
    [InlineData("--listen|0|--max-connections|0", "--max-connections '0'", "1 to")]
    [InlineData("--listen|0|--transform|xor 256", "--transform 'xor 256'", "xor")]
    [InlineData("--listen|0|--connection-records|/no/such/folder/records", "--connection-records '/no/such/folder/records'", "folder")]
    [InlineData("--config|/no/such/file.yaml", "--config '/no/such/file.yaml'", "file.yaml")]
    [InlineData("--config|/", "--config '/'", "/")]
    [InlineData("--role|p1", "--role: listeners.0.listen", "--listen")]
    public async Task Wrong_Words_AreOneLineThatNamesThem(string words, string names, string explains)
    {
        var line = await FailAsync(words.Split('|', StringSplitOptions.RemoveEmptyEntries));

        Assert.Contains(names, line, StringComparison.Ordinal);
        Assert.Contains(explains, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("listeners:\n  - listen: 0\n    role: boss\n", ":3: listeners.0.role 'boss'")]
    [InlineData("listeners:\n  - listen: 0\n\ntimeouts:\n  idel: 3s\n", ":5: timeouts.idel: unknown key; the nearest known one is timeouts.idle")]
    [InlineData("listeners:\n  - listen: [0\n", ":")]
    [InlineData("listeners:\n  - listen: 0\n    target: [1, 2]\n", ":3: listeners.0.target.0 '1': listeners.0.target takes one value, not a list or mapping")]
    [InlineData("listeners:\n  - listen: 0\n    name: a\n  - listen: 0\n    name: a\n", ":5: listeners.1.name 'a': two listeners are named 'a'")]
    [InlineData("listeners:\n  - listen: 0\n  - listen: 0\n", ":3: listeners.1.listen '0': two listeners are named 'alone-0'")]
    [InlineData("listeners:\n  - {name: a, listen: \"127.0.0.1:4600\"}\n  - {name: b, listen: \"127.0.0.1:4600\"}\n", ":3: listeners.1.listen '127.0.0.1:4600': ")]
    [InlineData("listeners:\n  - {name: a, listen: \"127.0.0.1:4600\"}\n  - {name: b, listen: \"4600\"}\n", ":3: listeners.1.listen '[::]:4600': ")]
    [InlineData("listeners:\n  - {listen: \"127.0.0.1:4600\"}\nmetrics: {address: \"0.0.0.0:4600\"}\n", ":3: metrics.address '0.0.0.0:4600': ")]
    [InlineData("listeners:\n  - {listen: \"4600\", target: \"localhost:4600\"}\n", ":2: listeners.0.listen: its target localhost:4600 is this sidecar itself")]
    [InlineData("listeners:\n  - {listen: \"4600\", target: \"127.0.0.1:4700\"}\nhealth: {address: \"4700\"}\n", ":2: listeners.0.listen: its target 127.0.0.1:4700 is this sidecar itself")]
    [InlineData("listeners:\n  - {listen: \"4600\", target: \"127.0.0.1:15021\"}\n", ":2: listeners.0.listen: its target 127.0.0.1:15021 is in the range")]
    [InlineData("listner:\n  - listen: 0\n", ":2: listner.0.listen: unknown key; the nearest known one is listeners")]
    [InlineData("", " no listener; 'listeners:' is expected")]
    [InlineData("drain: 3s\n", " no listener; 'listeners:' is expected")]
    [InlineData("listeners:\n  - listen: 0\nmetrics: 127.0.0.1:1\n", ":3: metrics '127.0.0.1:1': a mapping is expected here, such as 'metrics: {address: ...}'")]
    [InlineData("listeners:\n  - listen: 0\ndrain: [1]\n", ":3: drain.0 '1': drain takes one value, not a list or mapping")]
    [InlineData("listeners:\n  listen: 45000\n", ":2: listeners.listen '45000': a list of listeners is expected")]
    [InlineData("listeners:\n  listen: 45000\n  role: p1\n", ":2: listeners.listen '45000': a list of listeners is expected")]
    [InlineData("listeners: 5\n", ":1: listeners '5': a list of listeners is expected")]
    [InlineData("listeners: [45000]\n", ":1: listeners.0 '45000': a listener is expected")]
    [InlineData("listeners:\n  - role: p1\n    target: a:1\n", ":2: listeners.0.role: listeners.0.listen, the address to listen on, is missing")]
    [InlineData("listeners:\n  - listen: 0\n    role: p2\n    allow-destinations: []\n", ":4: listeners.0.allow-destinations: a value is missing")]
    [InlineData("listeners:\n  - listen: 0\n    mode: socks4\n    allow-clients:\n", ":4: listeners.0.allow-clients: a value is missing")]
    [InlineData("listeners:\n  - listen: 0\n    role: p2\n    allow-destinations: [loopback, 10.0.0.0/8: 80]\n", ":4: listeners.0.allow-destinations.1.10.0.0.0/8 '80': listeners.0.allow-destinations.1 takes one value, not a list or mapping")]
    [InlineData("listeners:\n  - listen: 0\nrecords: []\n", ":3: records: a value is missing")]
    [InlineData("listeners:\n  - listen: 0\nrecords:\n  - path: /tmp/x\n  - path: /tmp/x\n", ":5: records.1.path '/tmp/x': ")]
    [InlineData("listeners:\n  - listen: 0\nrecords:\n  - path: /tmp/x\n    format: xml\n", ":5: records.0.format 'xml': one of perisco, perisco-v2, otel, ecs, envoy is expected")]
    [InlineData("config: other.yaml\nlisteners:\n  - listen: 0\n", ":1: config 'other.yaml': a configuration file cannot name another")]
    public async Task Wrong_File_IsOneLineWithFileLineAndKey(string yaml, string names)
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", yaml);

        foreach (var command in new string[][] { ["--config", file], ["check", "--config", file] })
        {
            var line = await FailAsync(command);
            Assert.Contains(names, line, StringComparison.Ordinal);
            Assert.Contains($"Sidecar: {file}:", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Wrong_FileInSeveralPlaces_IsALineForEach()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", "listeners:\n  - listen: nowhere\n    role: boss\ntimeouts:\n  idel: 3s\n  connect: soon\n");

        foreach (var command in new string[][] { ["--config", file], ["check", "--config", file] })
        {
            var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", command);

            Assert.Equal((2, 0), (code, output.Count));
            Assert.Equal(
                ["2: listeners.0.listen 'nowhere'", "3: listeners.0.role 'boss'", "5: timeouts.idel", "6: timeouts.connect 'soon'"],
                errors.Select(line => line[$"Sidecar: {file}:".Length..]).Select(line => line[..line.LastIndexOf(": ", StringComparison.Ordinal)]));
        }
    }

    [Fact]
    public async Task Wrong_EmptyWord_IsAMissingValueAndNotTheDefault() =>
        Assert.Contains("--allow-destinations '': a value is missing",
            await FailAsync(["--listen", "0", "--role", "p2", "--allow-destinations", ""]), StringComparison.Ordinal);

    [Fact]
    public async Task Wrong_Variable_IsOneLineThatNamesIt()
    {
        await using var sidecar = ProgramProcess.Start("Sidecar",
            new Dictionary<string, string> { ["SIDECAR__METRICS__ADDRESS"] = "nowhere" }, "0", "127.0.0.1", "9");

        Assert.Equal(2, await sidecar.ExitCodeAsync());
        Assert.Contains("SIDECAR__METRICS__ADDRESS 'nowhere'", Assert.Single(sidecar.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--metrics-address")]
    [InlineData("--health-address")]
    [InlineData("--admin-address")]
    public async Task Port_InUse_NamesTheOption(string option)
    {
        using var taken = new LoopbackListener();
        string[] listen = option == "--listen" ? [] : ["--listen", "127.0.0.1:0"];

        var line = await FailAsync([.. listen, "--target", "127.0.0.1:9", option, $"127.0.0.1:{taken.Port}"]);

        Assert.Contains($"{option} '127.0.0.1:{taken.Port}'", line, StringComparison.Ordinal);
        Assert.Contains("in use", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_InUseOnAllAddresses_IsSeenByThePositionalForm()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Any, 0));
        taken.Listen();
        var port = ((System.Net.IPEndPoint)taken.LocalEndPoint!).Port;

        var line = await FailAsync(["" + port, "127.0.0.1", "9"]);

        Assert.Contains("<listen-port>", line, StringComparison.Ordinal);
        Assert.Contains("in use", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAValidFile_SaysSoWithoutListening()
    {
        using var folder = new TempFolder();
        using var taken = new LoopbackListener();
        var file = folder.Write("sidecar.yaml", $"listeners:\n  - listen: 127.0.0.1:{taken.Port}\n    role: p1\n    target: 127.0.0.1:9\n");

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "check", "--config", file);

        Assert.Equal(0, code);
        Assert.Empty(errors);
        Assert.StartsWith("valid: 1 listener(s): outbound", Assert.Single(output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfThePositionalForm_IsThatOfAStart()
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "check", "45000", "127.0.0.1", "9000", "0.0.0.0", "p2");
        Assert.Equal((0, 0), (code, errors.Count));
        Assert.Equal("valid: 1 listener(s): inbound (inbound) on 0.0.0.0:45000", Assert.Single(output));
        Assert.Contains("<role> 'boss'", await FailAsync(["check", "45000", "127.0.0.1", "9000", "0.0.0.0", "boss"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--records", "folder")]
    [InlineData("--records", "absent/records.json")]
    [InlineData("--connection-records", "folder")]
    [InlineData("--connection-records", "absent/records.json")]
    public async Task Check_OfAFileThatCannotBeWritten_SaysWhatAStartSays(string option, string path)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("folder"));
        string[] words = ["--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", option, folder.File(path)];

        var line = await FailAsync(["check", .. words]);

        Assert.StartsWith($"Sidecar: {option} '{folder.File(path)}': ", line, StringComparison.Ordinal);
        Assert.Equal(await FailAsync(words), line);
    }

    [Fact]
    public async Task Check_OfRecordFiles_LeavesNothingBehind()
    {
        using var folder = new TempFolder();
        var there = folder.Write("there", "line\n");

        var (code, _, errors) = await ProgramProcess.RunAsync(
            "Sidecar", "check", "0", "127.0.0.1", "9", "--records", folder.File("new"), "--connection-records", there);

        Assert.Equal((0, 0), (code, errors.Count));
        Assert.Equal("line\n", await File.ReadAllTextAsync(there, TestContext.Current.CancellationToken));
        Assert.Equal([there], Directory.EnumerateFileSystemEntries(folder.Root));
    }

    [Fact]
    public async Task Check_OfAListOfRecords_NamesEachThatCannotBeWrittenOrElseAll()
    {
        using var folder = new TempFolder();
        string Config(string one, string other) => folder.Write(
            "sidecar.yaml", $"listeners: [{{listen: 127.0.0.1:0}}]\nrecords:\n  - {{name: a, path: {folder.File(one)}}}\n  - {{path: \"-\"}}\n  - {{path: {folder.File(other)}}}\n");

        var (failed, _, lines) = await ProgramProcess.RunAsync("Sidecar", "check", "--config", Config("absent/a", "absent/b"));
        Assert.Equal(2, failed);
        Assert.Collection(
            lines,
            line => Assert.Contains($"records.0.path '{folder.File("absent/a")}': ", line, StringComparison.Ordinal),
            line => Assert.Contains($"records.2.path '{folder.File("absent/b")}': ", line, StringComparison.Ordinal));
        Assert.Contains($"records.2.path '{folder.File("absent/b")}': ", await FailAsync(["--config", Config("a", "absent/b")]), StringComparison.Ordinal);

        var (code, output, _) = await ProgramProcess.RunAsync("Sidecar", "check", "--config", Config("a", "b"));
        Assert.Equal(0, code);
        Assert.Equal([$"records: a (perisco to {folder.File("a")})", "records: file-1 (perisco to stdout)", $"records: file-2 (perisco to {folder.File("b")})"], output.Skip(1));
    }

    [Fact]
    public async Task Variable_WithSingleUnderscores_IsRefused()
    {
        await using var sidecar = ProgramProcess.Start("Sidecar", new Dictionary<string, string> { ["SIDECAR_DRAIN"] = "3s" }, "0", "127.0.0.1", "9");

        Assert.Equal(2, await sidecar.ExitCodeAsync());
        Assert.Equal("Sidecar: SIDECAR_DRAIN '3s': this variable sets nothing; the variable for drain is SIDECAR__DRAIN", Assert.Single(sidecar.Errors));
    }

    [Theory]
    [InlineData("--listen|0|check", "'--listen': stands before 'check'; write it after 'check'")]
    [InlineData("--config|f|transform|idt", "'--config': stands before 'transform'; write it after 'transform'")]
    public async Task Option_BeforeASubcommand_IsNotIgnored(string words, string expected) =>
        Assert.Equal($"Sidecar: {expected}", await FailAsync(words.Split('|')));

    [Theory]
    [InlineData("check", "--config", "--tcp-no-delay")]
    [InlineData("transform", "--explain", "--listen")]
    [InlineData("records", "--summary", "--listen")]
    public async Task Help_OfASubcommand_ShowsItsOwnOptions(string command, string own, string other)
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", command, "--help");

        Assert.Equal((0, 0), (code, errors.Count));
        var text = string.Join('\n', output);
        Assert.Contains(own, text, StringComparison.Ordinal);
        Assert.DoesNotContain(other, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inject")]
    [InlineData("injector")]
    public async Task Help_OfInjection_ShowsTheImagesThatPodsGet(string command)
    {
        var (_, output, _) = await ProgramProcess.RunAsync("Sidecar", command, "--help");

        var version = (await ProgramProcess.RunAsync("Sidecar", "--version")).Output[0].Split(' ')[^1];
        foreach (var image in (string[])["sidecar", "sidecar-iptables"])
            Assert.Contains($"[default: localhost/{image}:{version}]", string.Join(' ', output.Select(line => line.Trim())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HelpAll_OfCheck_ShowsTheOptionsOfAStart()
    {
        var (code, output, _) = await ProgramProcess.RunAsync("Sidecar", "check", "--help-all");

        Assert.Equal(0, code);
        foreach (var option in Sidecar.Configuration.SettingTable.Options)
            Assert.Contains($"{option.Name} <{option.ValueName}>", string.Join('\n', output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_ShowsThePositionalFormsAndEveryOption()
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "--help");

        Assert.Equal(0, code);
        Assert.Empty(errors);
        var text = string.Join('\n', output);
        Assert.Contains("Sidecar <listen-port> <target-host|nil> <target-port|nil> [listen-host] [role]", text, StringComparison.Ordinal);
        Assert.Contains("<oracle-host> <oracle-port> [listen-host] [role] [mode]", text, StringComparison.Ordinal);
        foreach (var option in Sidecar.Configuration.SettingTable.Options)
            Assert.Contains($"{option.Name} <{option.ValueName}>", text, StringComparison.Ordinal);
    }

    private static async Task<string> FailAsync(string[] words)
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", words);
        var line = Assert.Single(errors);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith("Sidecar: ", line, StringComparison.Ordinal);
        return line;
    }
}
