using System.Globalization;
using System.Net;
using Chassis;
using Chassis.Net;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

[SystemTest]
public sealed class ListenSocketsTests
{
    private static readonly IPEndPoint Free = new(IPAddress.Loopback, 0);

    [Fact]
    public void Bind_PortInUse_NamesOptionAddressAndRemedy()
    {
        using var first = new ListenSockets();
        using var second = new ListenSockets();
        var bound = first.Bind(Free, "--listen");
        var error = Assert.Throws<UsageException>(() => second.Bind(bound, "--listen"));
        Assert.Equal($"--listen '{bound}': the port is in use by Sidecar.Tests (process {Environment.ProcessId}); stop it or choose another port", error.Message);
    }

    [Fact]
    public void BindDefault_PortsTaken_MovesToTheNextFreeOne()
    {
        using var sockets = new ListenSockets();
        var taken = sockets.Bind(Free, "--a");
        var last = Math.Min(taken.Port + 50, 65535);
        var moved = sockets.BindDefault(taken, last, "--b");
        Assert.InRange(moved.Port, taken.Port + 1, last);
        var again = sockets.BindDefault(taken, last, "--c");
        Assert.InRange(again.Port, moved.Port + 1, last);
    }

    [Fact]
    public void Bind_WithABacklog_IsTheKernels()
    {
        // struct tcp_info: of a listening socket tcpi_sacked, at 28, is the longest queue (net/ipv4/tcp.c).
        const int solTcp = 6, tcpInfo = 11, longestQueue = 28;
        using var sockets = new ListenSockets();
        using var socket = sockets.Take(sockets.Bind(Free, "--listen", backlog: 7));
        var info = new byte[64];

        socket.GetRawSocketOption(solTcp, tcpInfo, info);

        Assert.Equal(7, BitConverter.ToInt32(info, longestQueue));
    }

    [Fact]
    public void BindDefault_NoneOfTheRangeFree_TakesAnyPort()
    {
        using var sockets = new ListenSockets();
        var taken = sockets.Bind(Free, "--a");
        var moved = sockets.BindDefault(taken, taken.Port, "--b");
        Assert.NotEqual(taken.Port, moved.Port);
        Assert.NotEqual(0, moved.Port);
    }

    [Fact]
    public void BindDefault_AddressOfAnotherMachine_IsAnError()
    {
        using var sockets = new ListenSockets();
        var error = Assert.Throws<UsageException>(() => sockets.BindDefault(IPEndPoint.Parse("192.0.2.1:9"), 10, "--b"));
        Assert.Equal("--b '192.0.2.1:9': this machine has no such address", error.Message);
    }

    [Fact]
    public void Bind_AnyFreePort_IsNeverOneToBeAvoided()
    {
        // Nearly all that the kernel chooses from by itself.
        var range = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t').Select(port => int.Parse(port, CultureInfo.InvariantCulture)).ToList();
        var avoided = Enumerable.Range(range[0], range[1] - range[0] + 1).Where(port => port % 50 != 0).ToHashSet();
        using var sockets = new ListenSockets { Avoided = avoided };

        for (var i = 0; i < 5; i++)
            Assert.DoesNotContain(sockets.Bind(Free, "--a").Port, avoided);
    }

    [Fact]
    public void Take_BoundAddress_HandsTheListeningSocketOverOnce()
    {
        using var sockets = new ListenSockets();
        var bound = sockets.Bind(Free, "--a");
        using (var socket = sockets.Take(bound))
            Assert.Equal(bound, socket.LocalEndPoint);
        Assert.Throws<InvalidOperationException>(() => sockets.Take(bound));
    }

    [Fact]
    public void Dispose_ClosesWhatNobodyTook()
    {
        var sockets = new ListenSockets();
        var bound = sockets.Bind(Free, "--a");
        sockets.Dispose();
        using var next = new ListenSockets();
        Assert.Equal(bound, next.Bind(bound, "--a"));
    }

    [Fact]
    public void Bind_AllAddresses_AcceptsBothFamilies()
    {
        using var sockets = new ListenSockets();
        var bound = sockets.Bind(new IPEndPoint(ListenAddress.Any, 0), "--a");
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            if (address.Equals(IPAddress.IPv6Loopback) && !System.Net.Sockets.Socket.OSSupportsIPv6)
                continue;
            using var client = new System.Net.Sockets.Socket(address.AddressFamily, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            client.Connect(address, bound.Port);
            Assert.True(client.Connected);
        }
    }
}
