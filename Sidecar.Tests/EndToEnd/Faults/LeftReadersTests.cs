using Processes;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>The reader of the log or of the records stops reading, or leaves: the connections go on, and losses are reported.</summary>
public sealed class LeftReadersTests
{
    private static readonly string[] OwnPorts = ["--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"];

    [Fact]
    public async Task Log_WhoseReaderStalls_StopsNoConnection()
    {
        // A line each: more than the queue, 2500, and the pipe, 64 KB, take between them.
        const int connections = 4000;
        await using var echo = new EchoServer();
        using var folder = new TempFolder();
        var goOn = folder.File("go-on");
        // The shell becomes the sidecar; what reads its log passes on the lines to the one with the port, and stalls until it may go on.
        await using var sidecar = ProgramProcess.StartBy(
            [
                "bash", "-c",
                "exec \"$@\" 2> >(while read -r line; do echo \"$line\"; [[ $line == *'accepts on'* ]] && break; done; "
                + $"until [[ -e {goOn} ]]; do sleep 0.05; done; exec cat)",
                "bash",
            ],
            "Sidecar",
            ["--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{echo.Port}", "--connection-records", "off", "--log-level", "debug", "--loops", "1", .. OwnPorts]);
        string? accepts = null;
        await Eventually.TrueAsync(() => (accepts = sidecar.Output.FirstOrDefault(line => line.Contains("accepts on", StringComparison.Ordinal))) is not null);
        var port = SidecarProcess.ListenerPortIn(accepts!);
        for (var i = 0; i < connections; i++)
        {
            using var client = await SocketTalk.ConnectAsync(port);
            await client.SendAsync("x");
            Assert.Equal("x", await client.ReadTextAsync(1));
        }

        folder.Write("go-on", "");
        // The log reports the lost lines with its next line, which needs room in the queue.
        await Eventually.TrueAsync(() => sidecar.Output.Count > 1000);
        sidecar.Signal(ProcessSignal.Terminate);
        await Eventually.TrueAsync(() => sidecar.Output.Any(line => line.Contains("dropped", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Records_WhoseReaderHasLeft_AreCountedAsDropped()
    {
        await using var echo = new EchoServer();
        // The shell becomes the sidecar; the other end of its stdout is a program that ends at once.
        await using var sidecar = ProgramProcess.StartBy(
            ["bash", "-c", "exec \"$@\" > >(true)", "bash"], "Sidecar",
            ["--listen", "127.0.0.1:0", "--target", $"127.0.0.1:{echo.Port}", "--connection-records", "-", .. OwnPorts]);
        var port = await sidecar.ListenerPortAsync();
        var metrics = new Uri($"http://127.0.0.1:{(await sidecar.ErrorLineAsync("Serving metrics on ")).Split(':')[^1]}/metrics");
        using var http = new HttpClient();

        var page = "";
        for (var left = 100; !page.Contains("\nsidecar_records_dropped_total{sink=\"connections\",reason=\"output\"} 3\n", StringComparison.Ordinal); left--)
        {
            Assert.True(left > 0, page);
            if (left > 97)
            {
                using var client = await SocketTalk.ConnectAsync(port);
                client.Finish();
                Assert.Empty(await client.ReadToEndAsync());
            }

            page = await http.GetStringAsync(metrics, TestContext.Current.CancellationToken);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Contains("Broken pipe", await sidecar.ErrorLineAsync("Records cannot be written"), StringComparison.Ordinal);
    }
}
