using System.Net.Sockets;
using Processes;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>Askers never take the Oracle's last descriptors: a process that needs a thread while none is left dies.</summary>
[SystemTest]
public sealed class OpenFileLimitTests
{
    private const int Limit = 700;

    [Fact]
    public async Task Askers_BeyondTheDescriptors_TakeThePlacesOfTheLongestIdle()
    {
        await using var oracle = ProgramProcess.StartBy(
            ["prlimit", $"--nofile={Limit}:{Limit}"], "Oracle",
            ["--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--audit-log", "off", "--max-connections", "1000"]);
        Assert.Contains("too low for 1000 connections, so no more than 94 are open at once", await oracle.ErrorLineAsync("open file limit"), StringComparison.Ordinal);
        var ready = await oracle.ErrorLineAsync("Questions are answered on");
        var port = int.Parse(ready.Split("answered on ")[1].Split(',')[0].Split(':')[^1]);

        var askers = new List<Socket>();
        for (var i = 0; i < 150; i++)
        {
            askers.Add(await SocketTalk.ConnectAsync(port));
            Assert.Equal("ok not", await AskAsync(askers[i], i));
        }

        // Those that were idle the longest have made room.
        const int fitting = (Limit - 512) / 2;
        Assert.Equal("", await askers[150 - fitting - 1].ReadUntilClosedAsync());
        for (var i = 150 - fitting; i < 150; i++)
            Assert.Equal("ok not", await AskAsync(askers[i], 1000 + i));
        askers.ForEach(asker => asker.Dispose());
        oracle.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await oracle.ExitCodeAsync());
    }

    private static async Task<string> AskAsync(Socket asker, int number)
    {
        await asker.SendAsync($"ask p2 id{number} web - 0 127.0.0.1 1\n");
        return await asker.ReadLineAsync();
    }
}
