using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sidecar.Net;
using Sidecar.Tests.EndToEnd.Faults;
using Sidecar.Tests.Support;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Options;

/// <summary>What the kernel has of the options, on both sockets of a relayed connection.</summary>
[SystemTest]
public sealed partial class TcpOptionsTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public Task Options_Given_HoldForBothSides(string transport) => HaveAsync(
        transport,
        ["--tcp-no-delay", "off", "--tcp-keep-alive", "2m", "--tcp-user-timeout", "5s"],
        (KernelOption.NoDelay, 0),
        (KernelOption.UrgentInline, 1),
        (KernelOption.KeepAlive, 1),
        (KernelOption.KeepIdle, 120),
        (KernelOption.KeepInterval, 12),
        (KernelOption.KeepCount, 6),
        (KernelOption.UserTimeout, 5_000));

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public Task Options_NotGiven_AreThoseOfTheHelpText(string transport) => HaveAsync(
        transport,
        [],
        (KernelOption.NoDelay, 1),
        (KernelOption.UrgentInline, 1),
        (KernelOption.KeepAlive, 1),
        (KernelOption.KeepIdle, 60),
        (KernelOption.KeepInterval, 6),
        (KernelOption.KeepCount, 6),
        (KernelOption.UserTimeout, 0));

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public Task KeepAlive_Off_ProbesNobody(string transport) => HaveAsync(transport, ["--tcp-keep-alive", "off"], (KernelOption.KeepAlive, 0));

    // conntrack forgets such a connection after a minute of silence.
    [Theory]
    [InlineData("epoll", true, "off", 30, 3)]
    [InlineData("epoll", false, "1m", 30, 3)]
    [InlineData("epoll", true, "10s", 10, 1)]
    [InlineData("sockets", true, "off", 30, 3)]
    [InlineData("sockets", false, "1m", 30, 3)]
    [InlineData("sockets", false, "10s", 10, 1)]
    public async Task KeepAlive_OnceOneSideHasEnded_IsAtMostHalfAMinuteOnBoth(string transport, bool byClient, string given, int idle, int interval)
    {
        await using var talk = await Talk.OpenAsync(transport, "--tcp-keep-alive", given);
        var (ending, other) = talk.Ends(byClient);
        // Found first: after its end a socket has no peer.
        int[] descriptors = [DescriptorOf(talk.Client), DescriptorOf(talk.Served)];

        ending.Finish();

        Assert.Empty(await other.ReadToEndAsync());
        foreach (var descriptor in descriptors)
        {
            await Eventually.TrueAsync(() => Get(descriptor, KernelOption.KeepAlive) == 1 && Get(descriptor, KernelOption.KeepIdle) == idle);
            Assert.Equal((interval, 6), (Get(descriptor, KernelOption.KeepInterval), Get(descriptor, KernelOption.KeepCount)));
        }
    }

    private static async Task HaveAsync(string transport, string[] options, params (KernelOption Option, int Value)[] expected)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(
            service.Port, ["--transport", transport, .. options]);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var served = await service.AcceptAsync();
        await client.SendAsync("ping");
        Assert.Equal("ping", await served.ReadTextAsync(4));

        // The sidecar runs in this process, so its sockets can be asked.
        foreach (var end in new[] { client, served })
        {
            var descriptor = DescriptorOf(end);
            Assert.Equal(expected, expected.Select(e => (e.Option, Get(descriptor, e.Option))));
        }
    }

    // The sidecar's end of a connection. By both addresses: the kernel gives one port to several connections of this process.
    private static int DescriptorOf(Socket other) => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(file => int.Parse(Path.GetFileName(file)))
        .First(descriptor => Equals(Address(descriptor, ofPeer: false), other.RemoteEndPoint) && Equals(Address(descriptor, ofPeer: true), other.LocalEndPoint));

    private static unsafe IPEndPoint? Address(int descriptor, bool ofPeer)
    {
        var address = stackalloc byte[KernelAddress.MaxLength];
        var length = KernelAddress.MaxLength;
        var result = ofPeer ? GetPeerAddress(descriptor, address, &length) : Libc.GetLocalAddress(descriptor, address, &length);
        return result == 0 ? KernelAddress.Read(new ReadOnlySpan<byte>(address, length)) : null;
    }

    [LibraryImport("libc", EntryPoint = "getpeername")]
    private static unsafe partial int GetPeerAddress(int descriptor, byte* address, int* addressLength);

    private static int Get(int descriptor, KernelOption option)
    {
        var value = new byte[sizeof(int)];
        Assert.Equal(value.Length, Libc.GetOption(descriptor, option, value));
        return BitConverter.ToInt32(value);
    }
}
