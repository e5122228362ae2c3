using System.Globalization;
using Processes;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Capture;

/// <summary><c>Sidecar observe</c> beside real programs.</summary>
[SystemTest]
public sealed class ObserveTests : IDisposable
{
    private const int Count = 2000;
    private const int Connections = 6;

    private static readonly string[] Paths = ["/a?n=1", "/empty", "/missing", "/b?n=22", "/moved", "/c?n=333"];

    private readonly ExchangeRecords _records = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _records.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("http1")]
    [InlineData("http2")]
    public async Task File_HasTheRecordsOfTheSidecarInTheWay(string protocol)
    {
        await using var nginx = await Programs.NginxAsync(protocol == "http2" ? "http2" : "");
        await using var sidecar = await RunningSidecar.AloneAsync(nginx.Port, [.. _records.Words]);
        await using var capture = await LoopbackCapture.StartAsync(sidecar.Port);
        await LoadAsync(protocol, sidecar.Port);
        await _records.ReadAsync(Count);
        await capture.CompleteAsync();
        await using (var copy = File.Create(_folder.File("capture")))
            await capture.Open().CopyToAsync(copy, TestContext.Current.CancellationToken);

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "observe", "--capture", _folder.File("capture"), "--records", _folder.File("observed"), "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off");
        Assert.True(code == 0, string.Join('\n', errors));
        Assert.Empty(output);

        (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "records", "--compare", _records.Path, _folder.File("observed"));
        Assert.True(code == 0, string.Join('\n', [.. output, .. errors]));
        Assert.Equal($"{_records.Path}: {Count} exchanges; {_folder.File("observed")}: {Count} exchanges; no difference", Assert.Single(output));
    }

    [Fact]
    public async Task File_IsReadAsFastAsItsRecordsAreWritten()
    {
        await using var nginx = await Programs.NginxAsync();
        await using var capture = await LoopbackCapture.StartAsync(nginx.Port);
        const int Many = 40_000;
        await Programs.RunAsync("h2load", "nghttp2-client", "-n", $"{Many}", "-c", "2", "--h1", $"http://127.0.0.1:{nginx.Port}/a?n=1");
        await capture.CompleteAsync();
        await using (var copy = File.Create(_folder.File("capture")))
            await capture.Open().CopyToAsync(copy, TestContext.Current.CancellationToken);

        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", Words("--capture", _folder.File("capture"), "--records", _folder.File("observed"), "--records-queue", "2MB"));

        Assert.True(code == 0, string.Join('\n', errors));
        Assert.Equal(Many, ExchangeRecords.Read(_folder.File("observed")).Count);
    }

    [Theory]
    [InlineData("ebpf", "http1")]
    [InlineData("ebpf", "http2")]
    [InlineData("packet", "http1")]
    [InlineData("packet", "http2")]
    public async Task Live_HasWhatNginxHasLogged(string source, string protocol)
    {
        RootTools.Require();
        await using var nginx = await Programs.NginxAsync(protocol == "http2" ? "http2" : "");
        await using var observe = ObserveOf("--capture", source, "--capture-ports", $"{nginx.Port}", "--records", _folder.File("observed"), "--records-connection-rate", "off", "--records-client-rate", "off");
        await observe.ErrorLineAsync("Capturing from");

        await LoadAsync(protocol, nginx.Port);

        await Eventually.TrueAsync(() => ExchangeRecords.Read(_folder.File("observed")).Count >= Count, () => $"{ExchangeRecords.Read(_folder.File("observed")).Count}\n{string.Join('\n', observe.Errors)}");
        var records = ExchangeRecords.Read(_folder.File("observed"));
        Assert.Equal(Programs.LogOf(nginx).Select(line => string.Join(' ', line.Split(' ')[..3])).Order(StringComparer.Ordinal), records.Select(r => $"{r.Method} {r.Url} {r.Status}").Order(StringComparer.Ordinal));
        Assert.Equal(["completed"], records.Select(r => r.Outcome).Distinct());
        Assert.Equal(Connections, records.Select(r => r.Connection).Distinct().Count());
    }

    [Theory]
    [InlineData("ebpf")]
    [InlineData("packet")]
    public async Task Connection_ThatWasOpenBefore_IsJoined(string source)
    {
        RootTools.Require();
        await using var nginx = await Programs.NginxAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{nginx.Port}") };
        await client.GetStringAsync("/a?before", TestContext.Current.CancellationToken);
        await using var observe = ObserveOf("--capture", source, "--capture-ports", $"{nginx.Port}");
        await observe.ErrorLineAsync("Capturing from");

        for (var i = 0; i < 10; i++)
            await client.GetStringAsync($"/a?n={i}", TestContext.Current.CancellationToken);

        // The first could be part of a body that began before.
        await Eventually.TrueAsync(() => observe.Output.Count >= 9, () => string.Join('\n', [.. observe.Output, .. observe.Errors]));
        Assert.Equal(Enumerable.Range(1, 9).Select(i => $"GET /a?n={i} 200 completed"), observe.Output.Select(line => RecordedExchange.Parse(line).ToString()));
    }

    [Fact]
    public async Task Stdin_OfTcpdump_IsReadAsItComes()
    {
        RootTools.Require("tcpdump");
        await using var nginx = await Programs.NginxAsync();
        const string Script = "tcpdump -i lo -n -U --immediate-mode -Z root -w - tcp port $1 | \"${@:2}\"";
        await using var pipe = ProgramProcess.StartCommand(["bash", "-c", Script, "pipe", $"{nginx.Port}", .. ProgramProcess.CommandOf([], "Sidecar", Words("--capture", "-")).Words]);
        await pipe.ErrorLineAsync("listening on");
        await pipe.ErrorLineAsync("Capturing from stdin");

        await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{nginx.Port}/a?n=7");

        // Without --records, records come to stdout.
        await Eventually.TrueAsync(() => pipe.Output.Count > 0, () => string.Join('\n', pipe.Errors));
        Assert.Equal("GET /a?n=7 200 completed", RecordedExchange.Parse(pipe.Output[0]).ToString());
    }

    [Fact]
    public async Task Choice_ChangesWhileRunning()
    {
        RootTools.Require();
        await using var first = await Programs.NginxAsync();
        await using var second = await Programs.NginxAsync();
        var config = _folder.Write("observe.yaml", $"capture: {{source: packet, ports: [{first.Port}]}}\n");
        await using var observe = ObserveOf("--config", config);
        await observe.ErrorLineAsync("Capturing from");
        await GetAsync(first.Port, "/1");
        await GetAsync(second.Port, "/2");
        // What the kernel has not handed over yet would be chosen anew.
        await Eventually.TrueAsync(() => observe.Output.Count > 0);

        File.WriteAllText(config, $"capture: {{source: packet, ports: [{second.Port}]}}\n");
        observe.Signal(ProcessSignal.HangUp);
        await observe.ErrorLineAsync("is in force as generation 2, with 1 port(s) and all network(s)");
        await GetAsync(first.Port, "/3");
        await GetAsync(second.Port, "/4");

        await Eventually.TrueAsync(() => observe.Output.Count >= 2, () => string.Join('\n', observe.Errors));
        Assert.Equal(["/1", "/4"], observe.Output.Select(line => RecordedExchange.Parse(line).Url));
    }

    [Fact]
    public async Task Protos_AreChosen()
    {
        RootTools.Require();
        await using var first = await Programs.NginxAsync();
        await using var second = await Programs.NginxAsync("http2");
        await using var observe = ObserveOf("--capture", "packet", "--capture-ports", $"{first.Port},{second.Port}", "--capture-protos", "HTTP/2");
        await observe.ErrorLineAsync("Capturing from");

        await GetAsync(first.Port, "/1");
        await Programs.RunAsync("curl", "curl", "-sS", "-o", "/dev/null", "--http2-prior-knowledge", $"http://127.0.0.1:{second.Port}/2");

        await Eventually.TrueAsync(() => observe.Output.Count > 0, () => string.Join('\n', observe.Errors));
        Assert.Equal("/2", RecordedExchange.Parse(Assert.Single(observe.Output)).Url);
    }

    [Theory]
    [InlineData("SIGTERM")]
    [InlineData("SIGINT")]
    public async Task Signal_EndsItInOrder(string signal)
    {
        RootTools.Require();
        await using var observe = ObserveOf("--capture", "packet");
        await observe.ErrorLineAsync("Capturing from");

        observe.Signal(signal == "SIGTERM" ? ProcessSignal.Terminate : ProcessSignal.Interrupt);

        Assert.Equal(0, await observe.ExitCodeAsync());
        Assert.Contains(observe.Errors, line => line.Contains("The capture has ended", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--capture", "/nowhere", "--capture '/nowhere': ", "a capture file or - is expected")]
    [InlineData("--capture-ports", "0", "--capture-ports", "65535")]
    [InlineData("--capture-buffer", "3MB", "--capture-buffer '3MB': a power of two is expected", "64MB")]
    [InlineData("--capture-cidrs", "10.0.0.0/33", "--capture-cidrs", "10.0.0.0/33")]
    [InlineData("--capture-namespaces", "shop", "--capture-namespaces", "take kubernetes.names: on")]
    [InlineData("--listen", "80", "'--listen': unknown option", "--help")]
    public async Task WrongOption_IsOneLine(string option, string value, string start, string part)
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "observe", option, value);

        Assert.Equal((2, 0), (code, output.Count));
        Assert.StartsWith($"Sidecar: {start}", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Contains(part, errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_ThatIsCutOff_IsReadUpToThere_AndSaysSo()
    {
        await using var nginx = await Programs.NginxAsync();
        await using var capture = await LoopbackCapture.StartAsync(nginx.Port);
        await GetAsync(nginx.Port, "/1");
        await GetAsync(nginx.Port, "/2");
        await capture.CompleteAsync();
        await using (var copy = File.Create(_folder.File("capture")))
        {
            await capture.Open().CopyToAsync(copy, TestContext.Current.CancellationToken);
            copy.SetLength(copy.Length - 10);
        }

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", Words("--capture", _folder.File("capture")));

        Assert.Equal(0, code);
        Assert.Equal(["/1", "/2"], output.Select(line => RecordedExchange.Parse(line).Url));
        Assert.Contains(errors, line => line.EndsWith(": its last packet is not whole", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Interface_AloneMeansPackets()
    {
        RootTools.Require();
        await using var observe = ObserveOf("--capture-interface", "lo");

        await observe.ErrorLineAsync("Capturing from packets of interface lo");
    }

    [Fact]
    public async Task File_ThatIsNoCapture_IsAnErrorWithItsPlace()
    {
        var file = _folder.Write("text", "this is no capture, whatever its name says");

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", Words("--capture", file));

        Assert.Equal((1, 0), (code, output.Count));
        Assert.Contains(errors, line => line.Contains($"The capture from the file {file} ends early: ", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Words(params string[] words) => ["observe", .. words, "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off"];

    private static ProgramProcess ObserveOf(params string[] words) => ProgramProcess.Start("Sidecar", Words(words));

    private static Task<string> GetAsync(int port, string path) => Programs.RunAsync("curl", "curl", "-sS", "-o", "/dev/null", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{path}"));

    private static Task<string> LoadAsync(string protocol, int port)
    {
        string[] words = protocol == "http2" ? ["-m", "20"] : ["--h1", "-m", "1"];
        return Programs.RunAsync("h2load", "nghttp2-client", ["-n", $"{Count}", "-c", $"{Connections}", .. words, .. Paths.Select(path => $"http://127.0.0.1:{port}{path}")]);
    }
}
