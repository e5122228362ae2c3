using System.Net;
using Demo.Transparent;
using Processes;
using Xunit;

namespace Workload.Tests.Demo.Transparent;

public sealed class NetworkPlanTests
{
    private static readonly RunName Run = new(4321);

    [Fact]
    public void Plan_GivesEachHostANamespaceAndAddressesOfItsOwn()
    {
        var plan = NetworkPlan.Choose(Run, [], new Random(1));
        PlannedHost[] all = [.. plan.Hosts, plan.Machine];

        Assert.Equal(["sidecar-demo-4321-client", "sidecar-demo-4321-server", "sidecar-demo-4321-oracle", "sidecar-demo-4321-storage"], plan.Hosts.Select(h => h.Namespace));
        Assert.Equal(all.Length, all.Select(h => h.V4).Distinct().Count());
        Assert.Equal(all.Length, all.Select(h => h.V6).Distinct().Count());
        Assert.All(all, host => Assert.True(plan.V4.Contains(host.V4) && plan.V6.Contains(host.V6)));
        Assert.DoesNotContain(plan.V4.BaseAddress, all.Select(h => h.V4));
        Assert.True(IPNetwork.Parse("10.0.0.0/8").Contains(plan.V4.BaseAddress));
        Assert.True(IPNetwork.Parse("fd00::/8").Contains(plan.V6.BaseAddress));
        Assert.Equal((24, 64), (plan.V4.PrefixLength, plan.V6.PrefixLength));
    }

    [Theory]
    [InlineData("172.16.0.0/12", "10.0.0.0/8")]
    [InlineData("192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12")]
    [InlineData("192.168.128.0/17", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/17")]
    public void Choose_WhenARangeIsTaken_TakesAnother(string expected, params string[] taken)
    {
        for (var seed = 0; seed < 50; seed++)
            Assert.True(IPNetwork.Parse(expected).Contains(Choose(seed, taken).V4.BaseAddress));
    }

    [Fact]
    public void Choose_WhenOneNetworkIsLeft_FindsIt()
    {
        string[] taken = ["10.0.0.0/8", "172.16.0.0/12", .. Enumerable.Range(0, 256).Where(i => i != 77).Select(i => $"192.168.{i}.9/32")];

        Assert.Equal(IPNetwork.Parse("192.168.77.0/24"), Choose(5, taken).V4);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    [InlineData("fc00::/7")]
    public void Choose_WhenNothingIsLeft_Says(params string[] taken) => Assert.Throws<ProcessFailedException>(() => Choose(0, taken));

    [Theory]
    [InlineData("10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.3 metric 100", "10.1.2.0/24", "10.1.2.3/32")]
    [InlineData("default via 192.0.2.1 dev eth0.5 metric 1024", "192.0.2.1/32")]
    [InlineData("local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1", "127.0.0.1/32", "127.0.0.1/32")]
    [InlineData("fd00:1::/64 dev eth0 proto kernel metric 256 pref medium", "fd00:1::/64")]
    [InlineData("unreachable default dev lo metric 4294967295 error -101")]
    [InlineData("0.0.0.0/0 dev wg0")]
    public void Routes_OfALine_AreItsNetworksAndAddresses(string line, params string[] expected) =>
        Assert.Equal(expected.Select(text => IPNetwork.Parse(text)), MachineRoutes.Networks(line));

    private static NetworkPlan Choose(int seed, string[] taken) => NetworkPlan.Choose(Run, [.. taken.Select(text => IPNetwork.Parse(text))], new Random(seed));
}
