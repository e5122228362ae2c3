using System.Text.Json;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting.Admin;

public sealed class ListenersEndpointTests
{
    [Fact]
    public async Task Get_WithoutAnOracle_ShowsTheTransformsOfDestinationsInCanonicalForm()
    {
        using var folder = new TempFolder();
        await using var sidecar = await RunningSidecar.StartAsync("--config", folder.Write("sidecar.yaml", """
            transforms: {scramble: (chain (xor 0x2a) (rotl 3))}
            listeners:
              - listen: 127.0.0.1:0
                mode: socks4
                transform: xor 1
                destination-transforms:
                  - {destination: [DB.test, "10.0.0.0/8:80"], transform: scramble}
                  - {destination: "*:443", transform: (inverse scramble)}
            """));

        var listener = await ListenerAsync(sidecar);

        Assert.Equal("(xor 1)", listener.GetProperty("transform").GetString());
        Assert.Equal(
            """[{"destination":["db.test","10.0.0.0/8:80"],"transform":"(chain (xor 42) (rotl 3))"},{"destination":["*:443"],"transform":"(chain (rotr 3) (xor 42))"}]""",
            listener.GetProperty("destination_transforms").GetRawText());
        Assert.False(listener.TryGetProperty("oracle_dialect", out _));
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1x")]
    public async Task Get_WithAnOracle_ShowsHowItIsSpokenTo(string dialect)
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--oracle", "127.0.0.1:9", "--oracle-dialect", dialect);

        var listener = await ListenerAsync(sidecar);

        Assert.Equal(("127.0.0.1:9", dialect), (listener.GetProperty("oracle").GetString(), listener.GetProperty("oracle_dialect").GetString()));
        Assert.False(listener.TryGetProperty("transform", out _));
        Assert.False(listener.TryGetProperty("destination_transforms", out _));
    }

    [Theory]
    [InlineData("alone", null, true)]
    [InlineData("p2", null, true)]
    [InlineData("p1", null, false)]
    [InlineData("p1", "on", true)]
    [InlineData("p2", "off", false)]
    public async Task Get_OfAnyRole_ShowsWhetherItIsObserved(string role, string? observe, bool expected)
    {
        await using var sidecar = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--role", role, .. observe is null ? Array.Empty<string>() : ["--observe", observe]]);

        Assert.Equal(expected, (await ListenerAsync(sidecar)).GetProperty("observe").GetBoolean());
    }

    [Fact]
    public async Task Get_OfAPod_ShowsModesAndRoutes()
    {
        using var folder = new TempFolder();
        await using var sidecar = await RunningSidecar.StartAsync("--config", folder.Write("sidecar.yaml", """
            listeners:
              - {listen: 127.0.0.1:0, role: inbound, peers: permissive, ports: [{port: [80, 443], peers: plain}]}
              - listen: 127.0.0.1:0
                role: outbound
                routes:
                  - {destination: [10.0.0.0/8, DB.test], action: peer, peer: "gate.test:15006", transform: xor 1, fallback: plain}
                  - {destination: "*:25", action: deny}
              - {listen: 127.0.0.1:0, target: "127.0.0.1:9"}
            """));

        var (inbound, outbound, alone) = (await ListenerAsync(sidecar), await ListenerAsync(sidecar, 1), await ListenerAsync(sidecar, 2));

        Assert.Equal(("permissive", """[{"port":[80,443],"peers":"plain"}]"""), (inbound.GetProperty("peers").GetString(), inbound.GetProperty("ports").GetRawText()));
        Assert.Equal(
            """[{"destination":["10.0.0.0/8","db.test"],"action":"peer","peer":"gate.test:15006","transform":"(xor 1)","fallback":"plain"},{"destination":["*:25"],"action":"deny"}]""",
            outbound.GetProperty("routes").GetRawText());
        Assert.False(outbound.TryGetProperty("peers", out _) || inbound.TryGetProperty("routes", out _));
        Assert.False(alone.TryGetProperty("peers", out _) || alone.TryGetProperty("ports", out _) || alone.TryGetProperty("routes", out _));
    }

    private static async Task<JsonElement> ListenerAsync(RunningSidecar sidecar, int number = 0)
    {
        using var response = await sidecar.Admin.SendAsync("GET", "/listeners");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement[number];
    }
}
