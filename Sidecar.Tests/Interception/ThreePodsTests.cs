using System.Net;
using Sidecar.Tests.EndToEnd.Documentation;
using Sidecar.Tests.Support;
using Testing;
using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>Three pods of which one has no sidecar. The others have the file of docs/modes.md for a pod, with the addresses of the test.</summary>
public sealed class ThreePodsTests
{
    private const string Pods = "[10.96.0.11, 10.96.0.12]";
    private const string OracleAddress = "oracle:9100";

    private static readonly FencedBlock Documented = FencedBlock.All.First(block => block.Document == "docs/modes.md" && block.Language == "yaml");

    [Fact]
    public void File_HasTenLinesAndBothListeners()
    {
        Assert.Equal(10, Documented.Lines.Count);
        Assert.All<string>(["role: outbound", "role: inbound", Pods, OracleAddress], part => Assert.Contains(part, Documented.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pods_WithAndWithoutSidecar_ReachEachOther()
    {
        RootTools.Require();
        await using var node = await PodNode.CreateAsync();
        await using var oracle = node.Space.Start(AppUser, "Oracle", "9100");
        await oracle.ErrorLineAsync("Questions are answered");
        var file = Documented.Text.Replace(Pods, "[10.77.0.1, 10.77.0.2]", StringComparison.Ordinal).Replace(OracleAddress, $"{PodNode.V4}:9100", StringComparison.Ordinal);
        var pods = await Task.WhenAll(node.StartPodAsync(1, file), node.StartPodAsync(2, file));
        NetworkNamespace[] spaces = [pods[0].Space, pods[1].Space, await node.AddAsync(IPAddress.Parse("10.77.0.3"), IPAddress.Parse("fd00:77::3"))];
        await using var first = PodServer.Web(spaces[0].Listen(9000), "pod 1");
        await using var second = PodServer.Web(spaces[1].Listen(9000), "pod 2");
        await using var third = PodServer.Web(spaces[2].Listen(9000), "pod 3");
        await using var metrics = PodServer.Web(spaces[1].Listen(9090), "metrics");

        (int From, int To)[] calls = [(1, 2), (2, 1), (1, 3), (2, 3), (3, 1), (3, 2)];
        foreach (var (from, to) in calls)
            Assert.Equal($"pod {to}", await CurlAsync(spaces[from - 1], $"http://10.77.0.{to}:9000/"));
        Assert.Equal("metrics", await CurlAsync(spaces[2], "http://10.77.0.2:9090/"));

        await RecordedAsync(pods[0], "outbound", "10.77.0.2:9000 greeted not completed", "10.77.0.3:9000 plain idt completed");
        await RecordedAsync(pods[1], "outbound", "10.77.0.1:9000 greeted not completed", "10.77.0.3:9000 plain idt completed");
        await RecordedAsync(pods[0], "inbound", "10.77.0.1:9000 greeted not completed", "10.77.0.1:9000 plain idt completed");
        await RecordedAsync(pods[1], "inbound", "10.77.0.2:9000 greeted not completed", "10.77.0.2:9000 plain idt completed", "10.77.0.2:9090 plain idt completed");
        foreach (var pod in pods)
        {
            var page = await pod.MetricsAsync();
            Assert.Equal(
                (1, 1, 1, 1, pod == pods[1] ? 1 : 0),
                (Count("outbound", "peer", "greeted"), Count("outbound", "plain", "plain"), Count("inbound", "permissive", "greeted"), Count("inbound", "permissive", "plain"), Count("inbound", "plain", "plain")));
            Assert.Equal(pod == pods[1] ? 5 : 4, page.Sum("sidecar_peer_decisions_total"));

            double Count(string listener, string mode, string result) =>
                page.Sum("sidecar_peer_decisions_total", $"listener=\"{listener}\"", $"mode=\"{mode}\"", $"result=\"{result}\"");
        }
    }

    // In any order: the end of a connection is recorded at its own time.
    private static async Task RecordedAsync(Pod pod, string listener, params string[] expected)
    {
        await Eventually.TrueAsync(() => pod.AllRecords(listener).Count >= expected.Length, () => $"{listener}: {string.Join(' ', pod.AllRecords(listener))}");
        Assert.Equal(expected.Order(), pod.AllRecords(listener).Select(r => $"{r.Text("destination")} {r.Text("session")} {r.Text("transform")} {r.Reason}").Order());
    }
}
