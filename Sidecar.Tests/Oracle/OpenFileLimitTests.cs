using System.Net.Sockets;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>Askers never take the Oracle's last descriptors: a process that needs a thread while none is left dies.</summary>
public sealed class OpenFileLimitTests
{
    private const int Limit = 700;

    [Fact]
    public async Task Askers_BeyondTheDescriptors_AreRefused()
    {
        await using var oracle = ProgramProcess.StartBy(
            ["prlimit", $"--nofile={Limit}:{Limit}"], "Oracle",
            ["--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--audit-log", "off", "--max-connections", "1000"]);
        Assert.Contains("too low for 1000 connections, so more than 94 are refused", await oracle.ErrorLineAsync("open file limit"), StringComparison.Ordinal);
        var ready = await oracle.ErrorLineAsync("Questions are answered on");
        var port = int.Parse(ready.Split("answered on ")[1].Split(',')[0].Split(':')[^1]);

        var askers = new List<Socket>();
        for (var i = 0; i < 150; i++)
        {
            if (await AnsweredAsync(port, i) is { } asker)
                askers.Add(asker);
        }

        Assert.Equal((Limit - 512) / 2, askers.Count);
        askers.ForEach(asker => asker.Dispose());
        await oracle.SignalAsync("TERM");
        Assert.Equal(0, await oracle.ExitCodeAsync());
    }

    // Null for one that is refused: it may learn so while it connects, asks or waits.
    private static async Task<Socket?> AnsweredAsync(int port, int number)
    {
        try
        {
            var asker = await SocketTalk.ConnectAsync(port);
            await asker.SendAsync($"ask p2 id{number} web - 0 127.0.0.1 1\n");
            if (await asker.ReadTextAsync(1) == "o")
                return asker;
            asker.Dispose();
        }
        catch (SocketException)
        {
            // Refused.
        }

        return null;
    }
}
