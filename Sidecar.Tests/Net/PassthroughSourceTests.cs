using System.Net;
using System.Net.Sockets;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Sidecar.Transport.Sockets;
using Testing;
using Xunit;

namespace Sidecar.Tests.Net;

/// <summary>What connections to the own pod come from; the interception tests prove that the rules know it.</summary>
[SystemTest]
public sealed class PassthroughSourceTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.6")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("203.0.113.7")]
    [InlineData("2001:db8::7")]
    public void For_LoopbackOrAnotherHost_IsTheKernelsChoice(string upstream) => Assert.Null(PassthroughSource.For(IPAddress.Parse(upstream)));

    [Fact]
    public async Task For_AnAddressOfThePod_ConnectsFromThere()
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        await space.RunAsync("ip address add 10.77.0.1/32 dev lo; ip address add fd00:77::1/128 dev lo nodad");
        using var listener = space.Listen(9000);

        Assert.Equal("127.0.0.6", await SourceAsync(space, listener, "10.77.0.1"));
        // Without the sign on loopback there are no rules that need a source.
        Assert.Equal("fd00:77::1", await SourceAsync(space, listener, "fd00:77::1"));
        await space.RunAsync("ip -6 route add local ::6:0:0/120 dev lo; ip address add ::6:0:0/128 dev lo nodad");
        var sources = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 256; i++)
            sources.Add(await SourceAsync(space, listener, "fd00:77::1"));
        Assert.Equal(Enumerable.Range(0, 256).Select(i => $"::6:0:{i:x}").Order(StringComparer.Ordinal), sources.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("::6:0:0", true)]
    [InlineData("::6:0:ff", true)]
    [InlineData("::6:0:100", false)]
    [InlineData("::6", false)]
    [InlineData("127.0.0.6", false)]
    public void IsSourceOfV6_KnowsTheWholeNetwork(string address, bool expected)
    {
        Assert.Equal(expected, PassthroughSource.IsSourceOfV6(IPAddress.Parse(address)));
        // No interface has it, yet a route leads from it to this host: p2 must know its own ports there.
        Assert.True(!expected || LocalAddress.IsLocal(IPAddress.Parse(address)));
    }

    private static async Task<string> SourceAsync(NetworkNamespace space, Socket listener, string address)
    {
        var upstream = new IPEndPoint(IPAddress.Parse(address), 9000);
        // The probe, the bind and the connect all belong to the namespace.
        var dialed = NamespaceThread.Run(space.Name, user: 0, group: 0, () => new SocketDialer(new TcpOptions(), TimeProvider.System)
            .DialAsync(new MemoryConnection(), upstream, PassthroughSource.For(upstream.Address), TimeSpan.FromSeconds(5)).AsTask());
        await using var connection = (await dialed).Connection!;
        using var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        var source = ((IPEndPoint)accepted.RemoteEndPoint!).Address;
        return (source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source).ToString();
    }
}
