using Processes;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Transfers;

/// <summary>A SOCKS client that others wrote.</summary>
public sealed class CurlTests
{
    [Theory]
    [InlineData("--socks4", "alone", "127.0.0.1")]
    [InlineData("--socks4a", "alone", "localhost")]
    [InlineData("--socks4", "p1", "127.0.0.1")]
    [InlineData("--socks4a", "p1", "localhost")]
    public async Task Curl_OverSocks_GetsTheAnswer(string option, string role, string host)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--role", "p2", "--allow-destinations", "loopback", "--transform", "not");
        string[] pair = role == "p1" ? ["--target", $"127.0.0.1:{p2.Port}", "--transform", "not"] : [];
        await using var sidecar = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--mode", "socks4", "--role", role, .. pair]);

        var curl = CurlAsync("-sS", "--max-time", "20", option, $"127.0.0.1:{sidecar.Port}", $"http://{host}:{service.Port}/page");
        using var served = await service.AcceptAsync();
        Assert.Equal("GET /page HTTP/1.1\r", await served.ReadLineAsync());
        await served.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        served.Finish();

        Assert.Equal((0, "hello"), await curl);
        Assert.Equal($"{host}:{service.Port}", (await sidecar.RecordAsync()).Text("destination"));
    }

    [Fact]
    public async Task Curl_ToARefusedDestination_IsToldSo()
    {
        using var refusing = new RefusingPort();
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--mode", "socks4");

        var (code, _) = await CurlAsync("-s", "--max-time", "20", "--socks4", $"127.0.0.1:{sidecar.Port}", $"http://127.0.0.1:{refusing.Port}/");

        // curl(1): 97 is a SOCKS error, 7 what older versions say instead.
        Assert.True(code is 97 or 7, $"curl ended with {code}");
        await sidecar.EndsForAsync("connect_failed");
    }

    private static async Task<(int Code, string Output)> CurlAsync(params IEnumerable<string> args)
    {
        var curl = new ProcessCommand("curl", ["curl", .. args]) { Environment = new Dictionary<string, string> { ["no_proxy"] = "" } };
        var (code, output, _) = await Run.ToEndAsync(curl);
        return (code, output);
    }
}
