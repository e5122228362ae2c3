using System.Net;
using System.Net.Sockets;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting.Signals;

public sealed class HangUpSignalTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task HangUp_RenamedFiles_AreMadeAnewAndTheProcessLives()
    {
        string connections = _folder.File("connections.json"), records = _folder.File("records.json");
        await using var sidecar = Start("--connection-records", connections, "--records", records);
        await sidecar.ErrorLineAsync("accepts on");
        File.Move(connections, connections + ".1");
        File.Move(records, records + ".1");

        sidecar.Signal(ProcessSignal.HangUp);

        await Eventually.TrueAsync(() => File.Exists(connections) && File.Exists(records));
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
    }

    [Fact]
    public async Task HangUp_NoFile_LeavesTheProcessToDrain()
    {
        await using var sidecar = Start("--connection-records", "-");
        await sidecar.ErrorLineAsync("accepts on");
        sidecar.Signal(ProcessSignal.HangUp);
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
    }

    [Fact]
    public async Task HangUp_OfAProcessWithAFile_ReadsItAgain()
    {
        var file = _folder.Write("sidecar.yaml", "listeners: [{name: a, listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\"}]\n");
        await using var sidecar = ProgramProcess.Start("Sidecar", ["--config", file, .. Endpoints]);
        await sidecar.ErrorLineAsync("accepts on");

        // Unchanged: nobody but the signal asks for it.
        sidecar.Signal(ProcessSignal.HangUp);

        await sidecar.ErrorLineAsync($"Configuration {file} is in force as generation 2, with 1 listener(s)");
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
    }

    [Fact]
    public async Task HangUp_OfAProcessWhoseFileIsAPipe_LeavesItAsItIs()
    {
        // The shell becomes the sidecar; what it reads by /dev/fd/N can be read once.
        await using var sidecar = ProgramProcess.StartBy(
            ["bash", "-c", "exec \"$@\" --config <(echo 'listeners: [{listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\"}]')", "bash"], "Sidecar", Endpoints);
        await sidecar.ErrorLineAsync("accepts on");

        sidecar.Signal(ProcessSignal.HangUp);
        sidecar.Signal(ProcessSignal.Terminate);

        Assert.Equal(0, await sidecar.ExitCodeAsync());
        Assert.DoesNotContain(sidecar.Errors, line => line.Contains("onfiguration", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FileTooLarge_ForTheProcessesLimit_IsReportedAndLeavesNoHalfLine()
    {
        var records = _folder.File("connections.json");
        await using var sidecar = Start("--connection-records", records);
        var line = await sidecar.ErrorLineAsync("accepts on");
        var address = IPEndPoint.Parse(line.Split("accepts on ")[1].Split(',')[0]);
        await using var limit = ProgramProcess.StartCommand("prlimit", $"--pid={sidecar.Id}", "--fsize=100");
        Assert.Equal(0, await limit.ExitCodeAsync());

        using (var client = new TcpClient())
            await client.ConnectAsync(address, TestContext.Current.CancellationToken);

        await sidecar.ErrorLineAsync("cannot be written");
        Assert.Equal("", await File.ReadAllTextAsync(records, TestContext.Current.CancellationToken));
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
    }

    private static readonly string[] Endpoints = ["--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"];

    private static ProgramProcess Start(params string[] args) => ProgramProcess.Start("Sidecar", ["--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", .. Endpoints, .. args]);
}
