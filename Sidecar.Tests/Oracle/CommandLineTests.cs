using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>The program as a process: what only its exit code, its output and its signals can prove.</summary>
[SystemTest]
public sealed partial class CommandLineTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("'serve': a port, an option or 'check' is expected; try --help", "serve")]
    [InlineData("'--polcy': unknown option; try --help", "--polcy", "x")]
    [InlineData("port '99999': a port 0 to 65535 is expected", "99999")]
    [InlineData("--listen 'here:80': an IP address to listen on is expected, such as 127.0.0.1 or [::]", "--listen", "here:80")]
    [InlineData("--policy '/nonexistent/policy.yml': Could not find", "--policy", "/nonexistent/policy.yml")]
    [InlineData("--config '/nonexistent/oracle.yml': Could not find", "--config", "/nonexistent/oracle.yml")]
    [InlineData("--audit-log '/nonexistent/audit.jsonl': Could not find", "--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--audit-log", "/nonexistent/audit.jsonl")]
    [InlineData("--log-level 'loud': one of trace, debug", "--log-level", "loud")]
    [InlineData("--max-connections '0': a whole number 1 to 1000000", "--max-connections", "0")]
    [InlineData("--listen '192.0.2.1:0': this machine has no such address", "--listen", "192.0.2.1:0")]
    [InlineData("Unrecognized command or argument 'more'", "9100", "more")]
    public async Task UsageError_AnyKind_IsOneLineAndCode2(string expected, params string[] args)
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("Oracle", args);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith($"Oracle: {expected}", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_Files_NamesLineAndKeyOrSaysOk()
    {
        var good = _folder.Write("good.yml", "rules: [{deny: true}]");
        var bad = _folder.Write("bad.yml", "rules:\n  - deny: true\n  - transform: rot13\n");
        var config = _folder.Write("oracle.yml", "metrics:\n  adress: 1\n");
        var fine = await ProgramProcess.RunAsync("Oracle", "check", "--policy", good);
        Assert.Equal((0, $"{good}: 1 rule, default deny|ok"), (fine.Code, string.Join('|', fine.Output)));
        var doubtful = _folder.Write("doubtful.yml", "default: (add 1)\nrules: [{name: a, deny: true, listener: in}]");
        var warned = await ProgramProcess.RunAsync("Oracle", "check", "--policy", doubtful);
        Assert.Equal((0, $"{doubtful}: 1 rule, default (add 1)|ok"), (warned.Code, string.Join('|', warned.Output)));
        Assert.Collection(warned.Errors,
            line => Assert.StartsWith($"{doubtful}: warning: dialect v1 cannot express the transform of default:", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"{doubtful}: warning: dialect v1 names neither listener nor destination, but these rules deny by one of them: a. They deny", line, StringComparison.Ordinal));
        var broken = await ProgramProcess.RunAsync("Oracle", "check", "--policy", bad);
        Assert.Equal((2, $"Oracle: {bad}:3: rules.1.transform 'rot13': random, or a transform, is expected: 1:1: an expression expected, got rot13"), (broken.Code, Assert.Single(broken.Errors)));
        var misspelt = await ProgramProcess.RunAsync("Oracle", "check", "--config", config);
        Assert.Equal((2, $"Oracle: {config}:2: metrics.adress: unknown key; the nearest known one is metrics.address"), (misspelt.Code, Assert.Single(misspelt.Errors)));
    }

    [Fact]
    public async Task Help_ShowsThePositionalFormAndExamples()
    {
        var (code, output, _) = await ProgramProcess.RunAsync("Oracle", "--help");
        var text = string.Join('\n', output);
        Assert.Equal(0, code);
        Assert.Contains("Oracle 9100", text, StringComparison.Ordinal);
        Assert.Contains("--policy <FILE>", text, StringComparison.Ordinal);
        Assert.All(output, line => Assert.True(line.Length <= 120, line));
    }

    [Theory]
    [InlineData(ProcessSignal.Terminate)]
    [InlineData(ProcessSignal.Interrupt)]
    public async Task Positional_PortAlone_AnswersNotAuditsOnStdoutAndEndsWith0(ProcessSignal signal)
    {
        await using var oracle = ProgramProcess.Start("Oracle", "0");
        var port = PortIn(await oracle.ErrorLineAsync("Questions are answered on"), "answered on");
        // All addresses of both families.
        Assert.Equal("ok not\n", await AskAsync(IPAddress.Loopback, port, "hello alone a 10.0.0.1 5\n"));
        if (Socket.OSSupportsIPv6)
            Assert.Equal("ok not\n", await AskAsync(IPAddress.IPv6Loopback, port, "hello alone a 10.0.0.1 5\n"));
        oracle.Signal(signal);
        Assert.Equal(0, await oracle.ExitCodeAsync());
        Assert.Contains("\"conn_id\":\"a\",\"role\":\"alone\"", oracle.Output[0], StringComparison.Ordinal);
        Assert.DoesNotContain(oracle.Errors, line => line.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DefaultServicePort_Taken_MovesWithALogLine()
    {
        Socket? listening = null;
        await Eventually.TrueAsync(() => (listening = TryListen(9101)) is not null);
        using var taken = listening;
        await using var oracle = ProgramProcess.Start("Oracle", "0");
        var line = await oracle.ErrorLineAsync("Questions are answered on");
        Assert.InRange(PortIn(line, "metrics on"), 9102, 9199);
        Assert.Contains(oracle.Errors, l => l.Contains("The default metrics port 9101 is taken", StringComparison.Ordinal));
        oracle.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await oracle.ExitCodeAsync());
    }

    [Fact]
    public async Task Layers_CommandLineOverEnvironmentOverFile()
    {
        var config = _folder.Write("oracle.yml", $"""
            listen: 192.0.2.1:9100
            policy: {_folder.Write("file.yml", "default: xor 1")}
            audit-log: /nonexistent/audit.jsonl
            metrics:
              address: 127.0.0.1:0
            health:
              address: 127.0.0.1:0
            """);
        var environment = new Dictionary<string, string>
        {
            ["ORACLE__CONFIG"] = config,
            ["ORACLE__LISTEN"] = "192.0.2.2:9100",
            ["ORACLE__AUDIT_LOG"] = "off",
        };
        await using var oracle = ProgramProcess.Start("Oracle", environment, "--listen", "127.0.0.1:0");
        var port = PortIn(await oracle.ErrorLineAsync("Questions are answered on"), "answered on");
        Assert.Equal("ok xor 1\n", await AskAsync(IPAddress.Loopback, port, "hello alone a 10.0.0.1 5\n"));
        oracle.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await oracle.ExitCodeAsync());
        Assert.Empty(oracle.Output);
    }

    [Fact]
    public async Task Hup_ChangedPolicy_IsTaken()
    {
        var policy = _folder.Write("policy.yml", "default: xor 1");
        await using var oracle = ProgramProcess.Start("Oracle", "--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--policy", policy);
        var port = PortIn(await oracle.ErrorLineAsync("Questions are answered on"), "answered on");
        File.WriteAllText(policy, "default: xor 2");
        oracle.Signal(ProcessSignal.HangUp);
        await oracle.ErrorLineAsync("is in force as generation 2");
        Assert.Equal("ok xor 2\n", await AskAsync(IPAddress.Loopback, port, "hello alone a 10.0.0.1 5\n"));
        File.WriteAllText(policy, "default: (add 2)");
        oracle.Signal(ProcessSignal.HangUp);
        Assert.Contains(policy + ": dialect v1 cannot express the transform of default", await oracle.ErrorLineAsync("dialect v1"), StringComparison.Ordinal);
    }

    // Null while another program has the port.
    private static Socket? TryListen(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static async Task<string> AskAsync(IPAddress address, int port, string line)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, port, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(line), TestContext.Current.CancellationToken);
        return await RunningOracle.ReadToEndAsync(socket);
    }

    private static int PortIn(string line, string behind) =>
        int.Parse(PortPattern().Match(line, line.IndexOf(behind, StringComparison.Ordinal)).Groups["port"].ValueSpan);

    [GeneratedRegex(@"(\]|[0-9]):(?<port>[0-9]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PortPattern();
}
