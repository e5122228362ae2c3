using System.Net;
using System.Net.Sockets;
using Demo.Transparent;
using Demo.Transparent.Capture;
using Demo.Verification;
using Processes;
using Testing;
using Xunit;

namespace Workload.Tests.Demo.Transparent;

/// <summary>One after the other: this process's id names what they make.</summary>
[Collection("Runs of the transparent demo")] // A starting run clears away what dead ones left: not while a test looks at it.
[SystemTest]
public sealed class PodNetworkTests
{
    private const int Port = 9000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Remove_AfterTheMakingFailedHalfWay_LeavesNothing()
    {
        RootTools.Require();
        var plan = await PlanAsync();
        try
        {
            // The last of the hosts cannot be made: its name is taken.
            await ShortCommand.RunAsync("ip", "netns", "add", plan.Storage.Namespace);

            await Assert.ThrowsAsync<ProcessFailedException>(() => PodNetwork.MakeAsync(plan, joinMachine: true, Cancel));
            Assert.Contains(plan.BridgeNamespace, RunRemains.Of(plan.Run));
        }
        finally
        {
            await RunRemains.RemoveAsync(plan.Run);
        }

        Assert.Empty(RunRemains.Of(plan.Run));
    }

    [Fact]
    public async Task Remove_OfAWholeNetwork_EndsItsProcessesAndLeavesNothing()
    {
        RootTools.Require();
        var plan = await PlanAsync();
        ManagedProcess? stubborn = null;
        string folder;
        try
        {
            await PodNetwork.MakeAsync(plan, joinMachine: true, Cancel);
            folder = Directory.CreateTempSubdirectory(plan.Run.Prefix).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "file"), "text", Cancel);
            stubborn = ManagedProcess.Start(new ProcessCommand("stubborn", "ip", "netns", "exec", plan.Client.Namespace, "env", "--ignore-signal=TERM", "sleep", "300"));
            await stubborn.WaitUntilReadyAsync(async _ => (await ShortCommand.RunAsync("ip", "netns", "pids", plan.Client.Namespace)).Count > 0, TimeSpan.FromSeconds(10), Cancel);
            Assert.Contains(plan.Run.HostInterface, RunRemains.Of(plan.Run));
        }
        finally
        {
            await RunRemains.RemoveAsync(plan.Run);
        }

        Assert.Equal(128 + 9, await stubborn.Exited.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        await stubborn.DisposeAsync();
        Assert.Empty(RunRemains.Of(plan.Run));
        Assert.False(Directory.Exists(folder));
        Assert.False(Directory.Exists($"/sys/class/net/{plan.Run.HostInterface}"));
    }

    [Fact]
    public async Task LeftBehind_AreRunsWhoseCreatorIsDead()
    {
        RootTools.Require();
        await using var living = ManagedProcess.Start(new ProcessCommand("living", "sleep", "300"));
        var dead = ManagedProcess.Start(new ProcessCommand("dead", "true"));
        await dead.Exited;
        var (left, used) = (new RunName(dead.Id), new RunName(living.Id));
        try
        {
            foreach (var run in new[] { left, used })
                await ShortCommand.RunAsync("ip", "netns", "add", run.Prefix + "client");

            var found = RunRemains.FindLeftBehind();

            Assert.Contains(left, found);
            Assert.DoesNotContain(used, found);
        }
        finally
        {
            await RunRemains.RemoveAsync(left);
            await RunRemains.RemoveAsync(used);
            await dead.DisposeAsync();
        }

        Assert.DoesNotContain(left, RunRemains.FindLeftBehind());
    }

    [Fact]
    public async Task Capture_AtTheBridge_HoldsEveryByteOfBothFamilies()
    {
        RootTools.Require();
        Assert.SkipUnless(File.Exists("/usr/bin/tcpdump"), "needs tcpdump");
        var plan = await PlanAsync();
        try
        {
            var folder = Directory.CreateTempSubdirectory(plan.Run.Prefix).FullName;
            await PodNetwork.MakeAsync(plan, joinMachine: false, Cancel);
            await using var capture = await PacketCapture.StartAsync(plan.BridgeNamespace, PodNetwork.Bridge, [Port], Path.Combine(folder, "pcap"), Cancel);
            var (client, server) = (new NamespaceSockets(plan.Client.Namespace), new NamespaceSockets(plan.Server.Namespace));
            foreach (var address in new[] { plan.Server.V4, plan.Server.V6 })
            {
                var (question, answer) = (Bytes(1_500_000), Bytes(900_000));
                await ExchangeAsync(client, server, new IPEndPoint(address, Port), question, answer);

                var all = CapturedConnection.Assemble(await capture.ReadAsync(client, address, Cancel), new TapBudget(16 * 1024 * 1024));

                var crossed = Assert.Single(all, connection => connection.Server.Address.Equals(address));
                Assert.False(crossed.HasGap);
                Assert.True(question.AsSpan().SequenceEqual(crossed.Bytes.ToTarget.Sample()));
                Assert.True(answer.AsSpan().SequenceEqual(crossed.Bytes.FromTarget.Sample()));
            }
        }
        finally
        {
            await RunRemains.RemoveAsync(plan.Run);
        }
    }

    private static async Task<NetworkPlan> PlanAsync() => NetworkPlan.Choose(RunName.Own, await MachineRoutes.ReadAsync(), Random.Shared);

    private static async Task ExchangeAsync(NamespaceSockets from, NamespaceSockets to, IPEndPoint address, byte[] question, byte[] answer)
    {
        using var listener = await to.CreateAsync(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(address);
        listener.Listen();
        using var client = await from.CreateAsync(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(address, Cancel);
        using var server = await listener.AcceptAsync(Cancel);
        await Task.WhenAll(SendAsync(client, question), SendAsync(server, answer), ReceiveAsync(server, question.Length), ReceiveAsync(client, answer.Length));
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await socket.SendAsync(bytes.AsMemory(sent), Cancel);
    }

    private static async Task ReceiveAsync(Socket socket, int count)
    {
        var buffer = new byte[64 * 1024];
        while (count > 0)
        {
            var read = await socket.ReceiveAsync(buffer, Cancel);
            Assert.NotEqual(0, read);
            count -= read;
        }
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
