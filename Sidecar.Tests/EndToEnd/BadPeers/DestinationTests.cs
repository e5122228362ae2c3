using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>Destinations that cannot be reached, and how each kind of client learns of it.</summary>
public sealed class DestinationTests
{
    private static readonly string Unresolvable = new string('x', 64) + ".test";

    [Theory]
    [InlineData("alone", "", "")]
    [InlineData("p2", "bonjour abc\n", "fail abc\n")]
    public async Task Destination_ThatRefuses_IsAFailedConnect(string role, string said, string heard)
    {
        using var destination = new RefusingPort();
        await using var sidecar = await StartAsync(role, "127.0.0.1", destination.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAsync(said);

        Assert.Equal(heard, await client.ReadUntilClosedAsync());
        await sidecar.EndsForAsync("connect_failed");
    }

    [Theory]
    [InlineData("alone", "", "")]
    [InlineData("p1", "", "")]
    [InlineData("p2", "bonjour abc\n", "fail abc\n")]
    public async Task Destination_ThatDoesNotAccept_EndsAtTheConnectLimit(string role, string said, string heard)
    {
        await using var destination = await HangingPort.OpenAsync();
        await using var sidecar = await StartAsync(role, "127.0.0.1", destination.Port, "--connect-timeout", "2500ms");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAsync(said);

        Assert.Equal(heard, await client.ReadUntilClosedAsync());
        await destination.DisposeAsync();
        var record = await sidecar.EndsForAsync("connect_timeout");
        // More than the default of 2 s.
        Assert.True(record.DurationMs >= 2400, $"{record}");
    }

    [Theory]
    [InlineData("alone", "", "")]
    [InlineData("p1", "", "")]
    [InlineData("p2", "bonjour abc\n", "fail abc\n")]
    public async Task Destination_WhoseNameDoesNotResolve_IsAFailedConnect(string role, string said, string heard)
    {
        await using var sidecar = await StartAsync(role, Unresolvable, 80);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAsync(said);

        Assert.Equal(heard, await client.ReadUntilClosedAsync());
        var record = await sidecar.EndsForAsync("connect_failed");
        Assert.Contains(Unresolvable, record.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_WithSeveralAddresses_IsReachedAtTheOneThatAccepts()
    {
        // The name stands for ::1 and 127.0.0.1; only the latter listens.
        using var destination = new LoopbackListener();
        await using var sidecar = await StartAsync("alone", "localhost", destination.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await destination.AcceptAsync();

        await client.SendAsync("hi");

        Assert.Equal("hi", await served.ReadTextAsync(2));
    }

    private static Task<RunningSidecar> StartAsync(string role, string host, int port, params IEnumerable<string> options) =>
        RunningSidecar.StartAsync(["0", host, $"{port}", "127.0.0.1", role, .. options]);
}
