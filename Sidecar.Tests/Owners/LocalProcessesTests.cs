using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidecar.Owners;
using Testing;
using Xunit;

namespace Sidecar.Tests.Owners;

[SystemTest]
public sealed class LocalProcessesTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::", "127.0.0.1")]
    public async Task Find_AServiceOfAnotherProcess_IsThatProcess(string listen, string connect)
    {
        await using var service = ProgramProcess.StartCommand("python3", "-u", "-c", """
            import socket, sys
            family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
            listener = socket.socket(family, socket.SOCK_STREAM)
            if family == socket.AF_INET6: listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.bind((sys.argv[1], 0)); listener.listen()
            print(listener.getsockname()[1])
            kept = [listener.accept() for i in range(2)]
            print('accepted')
            kept[0][0].recv(1)
            """, listen);
        await Eventually.TrueAsync(() => service.Output.Count > 0);
        var target = new IPEndPoint(IPAddress.Parse(connect), int.Parse(service.Output[0], CultureInfo.InvariantCulture));
        using Socket one = await ConnectAsync(target), other = await ConnectAsync(target);
        await Eventually.TrueAsync(() => service.Output.Count > 1);
        // A search takes no time by this clock: on a busy machine it would end at its limit.
        await using var processes = new LocalProcesses(new ManualTimeProvider());

        foreach (var socket in new[] { one, other })
        {
            var process = processes.Find((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);
            await process.Known;
            Assert.Equal(service.Id, process.Value);
        }
    }

    [Fact]
    public async Task Find_NobodysSocket_IsTheSidecarsOwn()
    {
        await using var processes = new LocalProcesses(TimeProvider.System);
        // Discard, to which nothing of these tests connects; and an address for documentation (RFC 5737), which is not of this machine.
        foreach (var other in new[] { "127.0.0.1:9", "192.0.2.1:9" })
        {
            var process = processes.Find(IPEndPoint.Parse("127.0.0.1:9"), IPEndPoint.Parse(other));
            await process.Known;
            Assert.Equal(Environment.ProcessId, process.Value);
        }
    }

    [Fact]
    public async Task Find_BeyondFiftyASecond_IsNotLookedFor()
    {
        var time = new ManualTimeProvider();
        await using var processes = new LocalProcesses(time);
        var nobody = IPEndPoint.Parse("192.0.2.1:9");
        var asked = 0;
        for (var i = 0; i < 500; i++)
            asked += processes.Find(nobody, nobody) == LocalProcess.Own ? 0 : 1;
        Assert.Equal(LocalProcesses.MostASecond, asked);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Same(LocalProcess.Own, processes.Find(nobody, nobody));
    }

    [Fact]
    public async Task Dispose_WithQuestionsLeft_AnswersThem()
    {
        var processes = new LocalProcesses(new ManualTimeProvider());
        var nobody = IPEndPoint.Parse("192.0.2.1:9");
        LocalProcess[] found = [.. Enumerable.Range(0, 20).Select(_ => processes.Find(nobody, nobody))];
        await processes.DisposeAsync();
        await Task.WhenAll(found.Select(process => process.Known)).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task FindInodes_AmongManySockets_AreEachOnes()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1000);
        var sockets = new List<Socket>();
        try
        {
            // More lines than fit one read of the table.
            for (var i = 0; i < 600; i++)
            {
                sockets.Add(await ConnectAsync((IPEndPoint)listener.LocalEndPoint!));
                sockets.Add(await listener.AcceptAsync(TestContext.Current.CancellationToken));
            }

            var inodes = SocketTable.FindInodes([.. sockets.Select(s => ((IPEndPoint)s.LocalEndPoint!, (IPEndPoint)s.RemoteEndPoint!))]);
            Assert.DoesNotContain(null, inodes);
            Assert.Equal(1200, inodes.Distinct().Count());
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint target)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(target, TestContext.Current.CancellationToken);
        return socket;
    }
}
