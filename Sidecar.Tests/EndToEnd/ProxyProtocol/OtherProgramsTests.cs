using System.Net;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.ProxyProtocol;

/// <summary>HAProxy, nginx and curl at the other end: only they prove that the headers are the specification's.</summary>
public sealed class OtherProgramsTests
{
    [Theory]
    [InlineData("send-proxy", "127.0.0.77")]
    [InlineData("send-proxy", "::1")]
    [InlineData("send-proxy-v2", "127.0.0.77")]
    [InlineData("send-proxy-v2", "::1")]
    [InlineData("send-proxy-v2 proxy-v2-options crc32c,unique-id", "127.0.0.77")]
    [InlineData("send-proxy-v2 proxy-v2-options crc32c,ssl,cert-cn", "::1")]
    public async Task Haproxy_Sends_TheRecordNamesTheClientAndTheProxy(string options, string source)
    {
        await using var echo = new EchoServer();
        await using var sidecar = await RunningSidecar.AloneAsync(echo.Port, "--accept-proxy", "on");
        await using var haproxy = await ProxyPeer.HaproxyToAsync(sidecar.Port, options);
        using var client = await Clients.ConnectFromAsync(source, haproxy.Port);

        await client.SendAsync("hello");
        client.Finish();

        Assert.Equal("hello"u8.ToArray(), await client.ReadToEndAsync());
        var record = await sidecar.RecordAsync(r => r.Text("client") == client.LocalEndPoint!.ToString());
        Assert.Equal("completed", record.Reason);
        Assert.Equal("127.0.0.1", IPEndPoint.Parse(record.Text("proxy")!).Address.ToString());
        Assert.All(["downstream_received", "downstream_sent", "upstream_received", "upstream_sent"], name => Assert.Equal(5, record.Number(name)));
    }

    [Fact]
    public async Task Haproxy_ChecksHealth_ItsLocalHeaderIsRelayedWithItsOwnAddress()
    {
        await using var echo = new EchoServer();
        await using var sidecar = await RunningSidecar.AloneAsync(echo.Port, "--accept-proxy", "on");
        await using var haproxy = await ProxyPeer.HaproxyToAsync(sidecar.Port, "send-proxy-v2 check check-send-proxy inter 500ms");

        // A connection that HAProxy passes on, such as the one that found it ready, has a proxy.
        var check = await sidecar.RecordAsync(r => r.Number("downstream_sent") == "healthy".Length && r.Text("proxy") is null);

        Assert.StartsWith("127.0.0.1:", check.Text("client"), StringComparison.Ordinal);
        Assert.DoesNotContain(sidecar.Records, r => r.Reason == "protocol_error");
    }

    [Theory]
    [InlineData("nginx", "v1")]
    [InlineData("nginx", "v2")]
    [InlineData("haproxy", "v1")]
    [InlineData("haproxy", "v2")]
    public async Task Server_ThatDemandsAHeader_SeesCurlBehindTheSidecar(string program, string version)
    {
        await using var server = await ProxyPeer.AnsweringAsync(program);
        await using var sidecar = await RunningSidecar.AloneAsync(
            server.Port, "--accept-proxy", "on", "--send-proxy", version);

        var (answer, ends) = await Clients.CurlAsync($"http://127.0.0.1:{sidecar.Port}/");

        Assert.Equal(ends, answer);
    }

    // Mixed families: a client of IPv6 behind a proxy with a sidecar and a service of IPv4.
    [Theory]
    [InlineData("nginx", "v1", "127.0.0.77")]
    [InlineData("nginx", "v2", "::1")]
    [InlineData("haproxy", "v1", "::1")]
    [InlineData("haproxy", "v2", "127.0.0.77")]
    public async Task Chain_HaproxyAndAPairByAnOracle_TellsEachTheRealClient(string program, string version, string source)
    {
        await using var server = await ProxyPeer.AnsweringAsync(program);
        // Both sidecars ask for the client, not for the peer that connected to them: any other address is denied.
        await using var oracle = await RunningOracle.StartAsync($"deny\nrules: [ {{ peer: \"{source}\", transform: xor 42 }} ]");
        string[] accept = ["--accept-proxy", "on", "--send-proxy", version];
        await using var p2 = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{server.Port}", "127.0.0.1", $"{oracle.Port}", "127.0.0.1", "p2", .. accept]);
        await using var p1 = await RunningSidecar.StartAsync(["0", "127.0.0.1", $"{p2.Port}", "127.0.0.1", $"{oracle.Port}", "127.0.0.1", "p1", .. accept]);
        await using var haproxy = await ProxyPeer.HaproxyToAsync(p1.Port, version == "v1" ? "send-proxy" : "send-proxy-v2");
        using var client = await Clients.ConnectFromAsync(source, haproxy.Port);

        Assert.Equal(client.Ends(), await client.GetAsync());
        client.Finish();

        foreach (var sidecar in new[] { p1, p2 })
        {
            var record = await sidecar.RecordAsync(r => r.Text("client") == client.LocalEndPoint!.ToString());
            Assert.Equal(("completed", "(xor 42)"), (record.Reason, record.Text("transform")));
        }
    }
}
