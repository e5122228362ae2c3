using Demo.Verification;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Sidecars are rolled out in the order of docs/modes.md, by changes of their files, while clients are served.</summary>
public sealed class RollOutTests
{
    // Longer than a busy machine lets a greeting wait. The clients here speak first, so that it costs nothing.
    private const string Permissive = "permissive, peek-timeout: 10s";

    [Fact]
    public async Task Modes_ChangedInTheDocumentedOrder_FailNoRequest()
    {
        RootTools.Require("wrk");
        await using var client = new Pod(await NetworkNamespace.CreateAsync(), 1, Config("plain", "plain"));
        await using var server = new Pod(await NetworkNamespace.CreateAsync(), 2, Config("plain", "plain"));
        await NetworkNamespace.JoinAsync(client.Space, server.Space);
        await Task.WhenAll(client.StartAsync(), server.StartAsync());
        await using var web = PodServer.Web(server.Space.Listen(9000), "answer");
        // Some connections stay from beginning to end, some come anew for each request.
        await using var stay = Load(client, 8);
        await using var come = Load(client, 4, "-H", "Connection: close");

        await GrowsAsync(server, "plain", "plain");
        await server.ChangeAsync(Config("plain", Permissive));
        await GrowsAsync(server, "permissive", "plain");
        await client.ChangeAsync(Config("peer", "plain"));
        await OnlyGreetedGrowsAsync(server, "permissive");
        await server.ChangeAsync(Config("plain", "strict"));
        await OnlyGreetedGrowsAsync(server, "strict");

        // It is in force: a plain client is refused.
        using var plain = await client.ConnectAsync(server.V4, 9000, Pod.SidecarUser);
        await plain.SendAsync("GET / HTTP/1.1\r\n\r\n");
        await plain.IsResetAsync();
        Assert.InRange(await Wrk.EndAsync(stay), 100, int.MaxValue);
        Assert.InRange(await Wrk.EndAsync(come), 100, int.MaxValue);
    }

    private static string Config(string action, string peers) => $$"""
        listeners:
          - {name: out, listen: "[::]:45000", role: outbound, transform: not, routes: [{destination: "*", action: {{action}}}]}
          - {name: in, listen: "[::]:45001", role: inbound, transform: not, peers: {{peers}}}
        """;

    private static ProgramProcess Load(Pod pod, int connections, params string[] more) => pod.Space.StartCommand(
    [
        "setpriv", $"--reuid={Pod.AppUser}", $"--regid={Pod.AppUser}", "--clear-groups",
        // A request that takes longer has failed.
        .. Wrk.Words("http://10.77.0.2:9000/", connections, ["--timeout", "20s", .. more]),
    ]);

    private static async Task GrowsAsync(Pod server, string mode, string result)
    {
        var before = Decided(await server.MetricsAsync(), mode, result);
        await Eventually.TrueAsync(async () => Decided(await server.MetricsAsync(), mode, result) >= before + 100, $"{mode}: {result} grows");
    }

    // As an operator looks: while a hundred connections are greeted, no other one comes.
    private static Task OnlyGreetedGrowsAsync(Pod server, string mode) => Eventually.TrueAsync(
        async () =>
        {
            var before = Others(await server.MetricsAsync());
            await GrowsAsync(server, mode, "greeted");
            return Others(await server.MetricsAsync()) == before;
        },
        $"{mode}: only greeted grows");

    private static double Others(MetricsPage page) =>
        page.Sum("sidecar_peer_decisions_total", "listener=\"in\"") - page.Sum("sidecar_peer_decisions_total", "listener=\"in\"", "result=\"greeted\"");

    private static double Decided(MetricsPage page, string mode, string result) =>
        page.Sum("sidecar_peer_decisions_total", "listener=\"in\"", $"mode=\"{mode}\"", $"result=\"{result}\"");
}
