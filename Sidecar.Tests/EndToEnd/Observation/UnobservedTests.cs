using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>Why a connection was not observed to its end stands in its record, by the names that users see.</summary>
public sealed class UnobservedTests
{
    [Theory]
    [InlineData(
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        """{"reason":"http1","rule":"Content-Length and Transfer-Encoding in one request","side":"client","offset":66}""")]
    [InlineData("GET / HTTP/1.1\r\n\r\nsecret\r\n", """{"reason":"http1","rule":"a line that is no request line","side":"client","offset":26}""")]
    [InlineData("\u0016\u0003\u0001\u0002", """{"reason":"unknown_protocol","rule":"the client's first bytes are of no known protocol","side":"client","offset":0}""")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", null)]
    public async Task Connection_ThatIsNotObservedToItsEnd_SaysWhy(string request, string? unobserved) =>
        Assert.Equal(unobserved, await UnobservedAsync(request));

    [Fact]
    public async Task Connection_ForWhichThereIsNoMemory_SaysSo() => Assert.Equal(
        """{"reason":"memory","rule":"no memory is left of the 1048576 bytes for observation (observation.memory)"}""",
        await UnobservedAsync(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\n\r\n", 5000)), "--observe-memory", "1MB"));

    private static async Task<string?> UnobservedAsync(string request, params string[] options)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        await using var sidecar = await RunningSidecar.AloneAsync(((IPEndPoint)server.LocalEndPoint!).Port, options);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, sidecar.Port, TestContext.Current.CancellationToken);
        using var accepted = await server.AcceptAsync(TestContext.Current.CancellationToken);
        var bytes = Encoding.Latin1.GetBytes(request);
        await client.SendAsync(bytes, TestContext.Current.CancellationToken);
        var buffer = new byte[bytes.Length];
        for (var received = 0; received < bytes.Length;)
            received += await accepted.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await client.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        client.Shutdown(SocketShutdown.Send);
        accepted.Shutdown(SocketShutdown.Send);

        var record = await sidecar.RecordAsync();
        return record.Json.TryGetProperty("unobserved", out var unobserved) ? unobserved.GetRawText() : null;
    }
}
