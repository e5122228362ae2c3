using System.Net.Sockets;
using Sidecar.Benchmarks.Machine;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>A sidecar process before an echo that has descriptors for some connections only; each needs two.</summary>
internal sealed class ScarceDescriptors : IAsyncDisposable
{
    private readonly EchoServer _echo = new();

    // The limit of descriptors. The free ones below it cannot be counted from outside: a thread has two for its
    // life, and a file has one while its opening blocks, which /proc does not show.
    private int _limit;

    private ScarceDescriptors()
    {
    }

    public StartedSidecar Sidecar { get; private set; } = null!;

    /// <summary>The connections that are served, in the order of their coming.</summary>
    public List<Socket> Served { get; } = [];

    /// <summary>Starts one that has descriptors left for about so many connections.</summary>
    public static async Task<ScarceDescriptors> StartAsync(int connections, string transport, string host = "127.0.0.1")
    {
        var scarce = new ScarceDescriptors();
        // With one loop it is certain who accepts, and how often it warns.
        string[] loops = transport == "epoll" ? ["--loops", "1"] : [];
        scarce.Sidecar = await StartedSidecar.StartAsync($"{host}:{scarce._echo.Port}", ["--transport", transport, "--max-connections", "1000", .. loops]);
        // What the process opens once for its first connection it has opened by then.
        using (var first = await SocketTalk.ConnectAsync(scarce.Sidecar.Port))
            Assert.True(await IsServedAsync(first));
        await Eventually.TrueAsync(() => scarce.Sidecar.Records().Count == 1);
        // The client keeps this connection, and can ask again when no other is accepted.
        Assert.Contains("process_open_fds ", await scarce.MetricsAsync(), StringComparison.Ordinal);
        scarce._limit = new DirectoryInfo($"/proc/{scarce.Sidecar.Id}/fd").EnumerateFileSystemInfos().Count() + (2 * connections);
        await scarce.LimitAsync();
        return scarce;
    }

    /// <summary>Connects clients until one cannot be accepted, which it returns with its outstanding answer.</summary>
    public async Task<(Socket Client, Task<bool> Answer)> UntilOneWaitsAsync()
    {
        while (true)
        {
            var client = await SocketTalk.ConnectAsync(Sidecar.Port);
            var answer = IsServedAsync(client);
            await Eventually.TrueAsync(() => answer.IsCompleted || Warnings > 0);
            // The warning may be of the attempt after this one was accepted.
            if (await WaitsAsync(client, answer))
                return (client, answer);
            if (await answer)
            {
                Served.Add(client);
                continue;
            }

            // It was accepted with the last descriptor: with one more, the next one gets either both or none.
            client.Dispose();
            await RaiseLimitAsync();
        }
    }

    /// <summary>Connects clients until one is accepted with the last descriptor, so that none is left for its upstream, and returns when it was ended.</summary>
    public async Task UntilOneIsEndedAsync()
    {
        while (true)
        {
            var client = await SocketTalk.ConnectAsync(Sidecar.Port);
            var answer = IsServedAsync(client);
            // One that waits is accepted once there is a descriptor more.
            while (await WaitsAsync(client, answer))
                await RaiseLimitAsync();
            if (await answer)
            {
                Served.Add(client);
                continue;
            }

            client.Dispose();
            return;
        }
    }

    /// <summary>How often the log said that the proxy listener's connections cannot be accepted.</summary>
    public int Warnings => Sidecar.Log.Count(line => line.Contains($"Cannot accept connections on 127.0.0.1:{Sidecar.Port}:", StringComparison.Ordinal));

    /// <summary>The metrics, over a connection that the process had before its descriptors became scarce.</summary>
    public async Task<string> MetricsAsync()
    {
        var (status, body) = await Sidecar.GetAsync("metrics", "/metrics");
        Assert.Equal(200, status);
        return body;
    }

    /// <summary>Whether an echo comes back; false when the connection ends instead.</summary>
    public static async Task<bool> IsServedAsync(Socket client)
    {
        try
        {
            await client.SendAsync("x");
            return await client.ReadTextAsync(1) == "x";
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The processor time that the process uses while a time passes, in seconds.</summary>
    public async Task<double> CpuDuringAsync(TimeSpan time)
    {
        var before = ProcessTimes.Of(Sidecar.Id);
        await Task.Delay(time, TestContext.Current.CancellationToken);
        return ProcessTimes.Of(Sidecar.Id) - before;
    }

    /// <summary>Gives it some descriptors more, all at once.</summary>
    public Task RaiseLimitAsync(int by = 1)
    {
        _limit += by;
        return LimitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in Served)
            client.Dispose();
        await Sidecar.DisposeAsync();
        await _echo.DisposeAsync();
    }

    // Whether nobody accepts a client, while attempts come every 100 ms. One that is accepted may take its time.
    private async Task<bool> WaitsAsync(Socket client, Task<bool> answer)
    {
        await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken));
        return !answer.IsCompleted && !KernelSockets.IsAccepted(Sidecar.Port, client);
    }

    private async Task LimitAsync()
    {
        // The soft limit alone: nobody without the capability could raise the hard one again.
        await Run.WellAsync("prlimit", "--pid", $"{Sidecar.Id}", $"--nofile={_limit}:");
    }
}
