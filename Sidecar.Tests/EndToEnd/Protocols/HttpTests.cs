using System.Net.WebSockets;
using System.Security.Cryptography;
using Processes;
using Sidecar.Tests.EndToEnd.Transfers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Protocols;

/// <summary>HTTP in the forms in which the two sides wait for each other in the middle of a message.</summary>
public sealed class HttpTests
{
    [Theory]
    [InlineData("alone", "epoll")]
    [InlineData("xor 42", "epoll")]
    [InlineData("alone", "sockets")]
    public async Task Curl_ThatExpectsContinue_IsToldToAndUploads(string way, string transport)
    {
        await using var server = await HttpServer.StartAsync();
        await using var sidecars = await SidecarWay.OpenAsync(way, server.Port, transport: transport);
        using var folder = new TempFolder();
        var body = RandomNumberGenerator.GetBytes(3_000_000);
        var file = folder.Write("body", body);

        // Curl would go on by itself only after its own limit, which the run below ends long before.
        var (code, answer, talk) = await CurlAsync(
            "-sS", "-v", "--max-time", "20", "--expect100-timeout", "60", "-H", "Expect: 100-continue", "-H", "Connection: close",
            "--data-binary", $"@{file}", $"http://127.0.0.1:{sidecars.Port}/hash");

        Assert.Equal((0, Convert.ToHexString(SHA256.HashData(body))), (code, answer));
        Assert.Contains("< HTTP/1.1 100 Continue", talk, StringComparison.Ordinal);
        foreach (var sidecar in sidecars.Sidecars)
            await sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("alone", "epoll")]
    [InlineData("xor 42", "epoll")]
    [InlineData("alone", "sockets")]
    public async Task WebSocket_AfterTheUpgrade_CarriesMessagesBothWaysAndCloses(string way, string transport)
    {
        await using var server = await HttpServer.StartAsync();
        await using var sidecars = await SidecarWay.OpenAsync(way, server.Port, transport: transport);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{sidecars.Port}/echo"), TestContext.Current.CancellationToken);

        foreach (var length in (int[])[1, 126, 70_000, 2_000_000, 5])
        {
            var message = RandomNumberGenerator.GetBytes(length);
            var sending = socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, TestContext.Current.CancellationToken);
            Assert.Equal(message, await ReceiveAsync(socket));
            await sending;
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", TestContext.Current.CancellationToken);
        Assert.Equal("as you wish", socket.CloseStatusDescription);
        foreach (var sidecar in sidecars.Sidecars)
            await sidecar.EndsForAsync("completed");
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return message.ToArray();
    }

    private static async Task<(int Code, string Answer, string Talk)> CurlAsync(params IEnumerable<string> args)
    {
        var curl = new ProcessCommand("curl", ["curl", .. args]) { Environment = new Dictionary<string, string> { ["no_proxy"] = "*" } };
        var (code, answer, talk) = await Run.ToEndAsync(curl);
        return (code, answer, talk);
    }
}
