using System.Diagnostics;
using Processes;
using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi;

/// <summary>The program as it is run: words, errors, signals.</summary>
[SystemTest]
public class ProgramTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("VideoApi: --folder DIR is missing; see --help", "storage")]
    [InlineData("VideoApi: --folder '/no/such': no such folder", "storage", "--folder", "/no/such")]
    [InlineData("VideoApi: <folder> '/no/such': no such folder", "storage", "0", "/no/such")]
    [InlineData("VideoApi: <port> 'x': a port 0 to 65535 is expected", "backend", "x")]
    [InlineData("VideoApi: --listen 'nohost:1': an IP address to listen on is expected, such as 127.0.0.1 or [::]", "backend", "--listen", "nohost:1")]
    [InlineData("VideoApi: --listen '1': <port> already says '0'; give one of the two", "backend", "0", "--listen", "1")]
    [InlineData("VideoApi: --storage 'ftp://x': an address such as http://127.0.0.1:9000 is expected", "backend", "--storage", "ftp://x")]
    [InlineData("VideoApi: <backend-url> 'http://x/y': only scheme, host and port are expected, such as http://127.0.0.1:9000", "frontend", "0", "http://x/y")]
    [InlineData("VideoApi: <backend-url> 'http://…@x': only scheme, host and port are expected, such as http://127.0.0.1:9000", "frontend", "0", "http://u:p@x")]
    [InlineData("VideoApi: --log-level 'loud': one of trace, debug, info, warning, error, none is expected", "frontend", "--log-level", "loud")]
    [InlineData("VideoApi: Unrecognized command or argument 'foo'; try --help", "foo")]
    [InlineData("VideoApi: Unrecognized command or argument 'foo'; try --help", "foo", "storage")]
    [InlineData("VideoApi: Required command was not provided; try --help")]
    [InlineData("VideoApi: Unrecognized command or argument 'more'; try --help", "frontend", "0", "http://x", "more")]
    public async Task Run_WrongWords_OneLineAndExitCode2(string line, params string[] args)
    {
        var (code, output, errors) = await ProgramProcess.RunAsync("VideoApi", args);

        Assert.Equal(2, code);
        Assert.Equal([line], errors);
        Assert.Empty(output);
    }

    [Fact]
    public async Task Run_PortInUse_OneLineAndExitCode2()
    {
        await using var other = ProgramProcess.Start("VideoApi", "frontend", "--listen", "127.0.0.1:0");
        var listening = await other.ErrorLineAsync("frontend listens on ");
        var address = new Uri(listening[(listening.LastIndexOf(' ') + 1)..]).Authority;

        var (code, _, errors) = await ProgramProcess.RunAsync("VideoApi", "backend", "--listen", address);

        Assert.Equal(2, code);
        Assert.Equal($"VideoApi: --listen '{address}': the port is in use by VideoApi (process {other.Id}); stop it or choose another port", Assert.Single(errors));
    }

    [Theory]
    [InlineData(ProcessSignal.Terminate)]
    [InlineData(ProcessSignal.Interrupt)]
    public async Task Signal_WithAStreamAndAnIdleConnectionOpen_EndsSoonWithCode0(ProcessSignal signal)
    {
        // An upstream that never ends its body.
        await using var upstream = new ScriptedServer(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nstart");
            await request.WaitForCloseAsync();
        });
        await using var program = ProgramProcess.Start("VideoApi", "frontend", "--listen", "127.0.0.1:0", "--backend", upstream.Url.GetLeftPart(UriPartial.Authority));
        var listening = await program.ErrorLineAsync("frontend listens on ");
        var url = new Uri(listening[(listening.LastIndexOf(' ') + 1)..]);
        using var http = new HttpClient { BaseAddress = url };
        Assert.Equal("ok\n", await http.GetStringAsync("/healthz", Cancellation));
        using var stream = await http.GetAsync("/hls/film/0.ts", HttpCompletionOption.ResponseHeadersRead, Cancellation);

        var started = Stopwatch.GetTimestamp();
        program.Signal(signal);

        Assert.Equal(0, await program.ExitCodeAsync());
        // 3 s for the stream, the rest for a loaded machine; the framework's own limit would be 30 s.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
