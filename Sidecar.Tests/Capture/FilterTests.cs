using System.Net;
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
    private static readonly int[] Ports = [28_080, 50_001];

    public static TheoryData<string, int[], string[], string[], string[]> Cases
    {
        get
        {
            var cases = new TheoryData<string, int[], string[], string[], string[]>();
            foreach (var kind in new[] { "ebpf", "packet" })
            {
                cases.Add(kind, [28_080], [], [], ["127.0.0.1:28080", "127.0.0.2:28080", "[::1]:28080"]);
                cases.Add(kind, [28_080, 50_001], [], [], ["127.0.0.1:28080", "127.0.0.2:28080", "[::1]:28080", "127.0.0.1:50001", "127.0.0.2:50001", "[::1]:50001"]);
                cases.Add(kind, Ports, ["127.0.0.2/32"], [], ["127.0.0.2:28080", "127.0.0.2:50001"]);
                cases.Add(kind, Ports, ["::1/128"], [], ["[::1]:28080", "[::1]:50001"]);
                cases.Add(kind, [50_001], ["127.0.0.0/8"], ["127.0.0.2/31"], ["127.0.0.1:50001"]);
                cases.Add(kind, [50_001], [], ["127.0.0.0/8"], ["[::1]:50001"]);
                cases.Add(kind, [80], [], [], []);
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

        Assert.Equal(expected, collector.Of(connection.ClientEnd.Port).Count());
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
