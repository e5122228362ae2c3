using System.Net;
using Chassis;
using Sidecar.Capture;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Filters let through exactly what they say, also when they change.</summary>
[SystemTest]
[Collection(OneByOne.Name)]
public sealed class FilterTests
{
    private static readonly string[] Addresses = ["127.0.0.1", "127.0.0.2", "::1"];
    private static readonly int[] Ports = [28_080, 28_090];

    public static TheoryData<string, int[], string[], string[], string[]> Cases
    {
        get
        {
            var cases = new TheoryData<string, int[], string[], string[], string[]>();
            foreach (var kind in new[] { "ebpf", "packet" })
            {
                cases.Add(kind, [28_080], [], [], ["127.0.0.1:28080", "127.0.0.2:28080", "[::1]:28080"]);
                cases.Add(kind, [28_080, 28_090], [], [], ["127.0.0.1:28080", "127.0.0.2:28080", "[::1]:28080", "127.0.0.1:28090", "127.0.0.2:28090", "[::1]:28090"]);
                cases.Add(kind, Ports, ["127.0.0.2/32"], [], ["127.0.0.2:28080", "127.0.0.2:28090"]);
                cases.Add(kind, Ports, ["::1/128"], [], ["[::1]:28080", "[::1]:28090"]);
                cases.Add(kind, [28_090], ["127.0.0.0/8"], ["127.0.0.2/31"], ["127.0.0.1:28090"]);
                cases.Add(kind, [28_090], [], ["127.0.0.0/8"], ["[::1]:28090"]);
                cases.Add(kind, [80], [], [], []);
                // IPv4 is no part of IPv6, although its addresses can be mapped.
                cases.Add(kind, [28_090], [], ["::/0"], ["127.0.0.1:28090", "127.0.0.2:28090"]);
                cases.Add(kind, [28_090], ["::/0"], [], ["[::1]:28090"]);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Filter_OfPortsAndNetworks_LetsThroughWhatItSays(string kind, int[] ports, string[] included, string[] excluded, string[] expected)
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        var filter = new CaptureFilter { ServerPorts = ports, Included = Networks(included), Excluded = Networks(excluded) };

        Assert.Equal(expected.Order(), await SeenServersAsync(kind, space, filter, change: false));
        // The same when it replaces another one.
        Assert.Equal(expected.Order(), await SeenServersAsync(kind, space, filter, change: true));
    }

    // Without ports a SYN tells which end is the server, and eBPF remembers it.
    [Theory]
    [InlineData("10.9.9.2/32", "", 4)]
    [InlineData("", "10.9.9.1/32", 4)]
    [InlineData("10.9.9.1/32", "", 0)]
    [InlineData("", "10.9.9.2/32", 0)]
    public async Task Filter_OfNetworks_IsOfTheServersAddress(string included, string excluded, int expected)
    {
        RootTools.Require();
        await using var one = await NetworkNamespace.CreateAsync();
        await using var other = await NetworkNamespace.CreateAsync();
        await Wires.JoinAsync(one, other);
        var collector = new Collector();
        var filter = new CaptureFilter { Included = Networks(included.Split(',', StringSplitOptions.RemoveEmptyEntries)), Excluded = Networks(excluded.Split(',', StringSplitOptions.RemoveEmptyEntries)) };
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, filter);
        using var connection = await Exchange.ConnectAsync(one, other, IPAddress.Parse("10.9.9.2"), Ports[1]);
        await connection.TalkAsync();
        await Quiet.AfterAsync(collector);

        Assert.Equal(expected, collector.Seen.Count(packet => packet.From.Equals(connection.ClientEnd) || packet.To.Equals(connection.ClientEnd)));
    }

    [Fact]
    public async Task Filter_ThatIsTooLarge_LeavesTheOldOne()
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        var collector = new Collector(space);
        using var capture = RunningCapture.Start(CaptureKind.Ebpf, collector, new() { ServerPorts = [Ports[0]] });
        Assert.Throws<UsageException>(() => capture.Source.Apply(new() { ServerPorts = [.. Enumerable.Range(Ports[1], 5000)], Excluded = Networks(["127.0.0.0/8"]) }));

        Assert.Equal([Ports[0]], await SeenPortsAsync());
        // What was refused with it is not taken for known.
        capture.Source.Apply(new() { ServerPorts = [Ports[1]] });
        Assert.Equal(Ports, await SeenPortsAsync());

        async Task<IEnumerable<int>> SeenPortsAsync()
        {
            foreach (var port in Ports)
            {
                using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Loopback, port);
                await connection.TalkAsync();
            }

            await Quiet.AfterAsync(collector);
            return collector.Seen.Select(packet => packet.To.Port).Where(Ports.Contains).Distinct().Order();
        }
    }

    [Theory]
    [InlineData(1025, 0, 0, "capture.ports: at most 1024 are possible, not 1025")]
    [InlineData(0, 1025, 0, "capture.cidrs: at most 1024 are possible, not 1025")]
    [InlineData(0, 0, 4097, "capture.cgroups: at most 4096 are possible, not 4097")]
    public void Choice_OfTooMany_IsRefused(int ports, int cidrs, int cgroups, string expected)
    {
        var choice = new CaptureChoice { Ports = [.. Enumerable.Range(1, ports)], Cidrs = [.. Enumerable.Repeat("::1/128", cidrs)], Cgroups = [.. Enumerable.Repeat("/", cgroups)] };

        Assert.Equal(expected, Assert.Throws<UsageException>(() => CaptureFilter.Of(choice)).Message);
    }

    private static async Task<IEnumerable<string>> SeenServersAsync(string kind, NetworkNamespace space, CaptureFilter filter, bool change)
    {
        var collector = new Collector(space);
        using var capture = RunningCapture.Start(
            Kinds.Of(kind), collector, change ? new() { ServerPorts = [1], Excluded = Networks(["127.0.0.1/32", "::/0"]), Included = Networks(["::/64"]) } : filter, space: space);
        if (change)
            capture.Source.Apply(filter);
        var servers = new List<IPEndPoint>();
        foreach (var address in Addresses)
        {
            foreach (var port in Ports)
            {
                using var connection = await Exchange.ConnectAsync(space, space, IPAddress.Parse(address), port);
                await connection.TalkAsync();
                servers.Add(connection.ServerEnd);
            }
        }

        await Quiet.AfterAsync(collector);
        return servers.Where(server => IsSeen(collector, server)).Select(server => server.ToString()).Order();
    }

    // All of it or nothing.
    private static bool IsSeen(Collector collector, IPEndPoint server)
    {
        var (requests, answers) = (collector.Seen.Where(packet => packet.To.Equals(server)), collector.Seen.Where(packet => packet.From.Equals(server)));
        var (requested, answered) = (requests.Sum(packet => packet.Payload), answers.Sum(packet => packet.Payload));
        Assert.True((requested, answered) == (0, 0) || (requested, answered) == (Exchange.Request.Length, Exchange.Answer.Length));
        return requested > 0;
    }

    private static IReadOnlyList<IPNetwork> Networks(IEnumerable<string> texts) => [.. texts.Select(IPNetwork.Parse)];
}
