using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Sidecar.Tests.Transform;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>A user's filter that throws ends its own connection with <c>transform_error</c>, and nothing else.</summary>
public sealed class FailingFilterTests
{
    [Theory]
    [InlineData("epoll", "start")]
    [InlineData("epoll", "start-inverse")]
    [InlineData("sockets", "start")]
    [InlineData("sockets", "start-inverse")]
    public async Task Filter_ThatFailsToStart_EndsItsConnectionAlone(string transport, string when)
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        await using var sidecar = await StartAsync(folder, transport, $"role: p2\n    destination-transforms: [{{destination: '*', transform: (grumble {when})}}]", upstream.Port);
        for (var count = 1; count <= 2; count++)
        {
            using var client = await SocketTalk.ConnectAsync(sidecar.Port);
            // A connection that needs no greeting could be reset before the test knows that it has connected.
            await client.SendAsync("bonjour abc\n");
            using var served = await upstream.AcceptAsync();
            await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
            await Eventually.TrueAsync(() => sidecar.Records.Count == count);
        }

        Assert.All(sidecar.Records, record => Assert.Equal(("transform_error", "grumbles at the start", $"(grumble {when})"),
            (record.Reason, record.Text("detail"), record.Text("transform"))));
        await sidecar.NoSocketIsOpenAsync();
    }

    [Theory]
    [InlineData("epoll", "bang")]
    [InlineData("epoll", "bang-inverse")]
    [InlineData("sockets", "bang")]
    [InlineData("sockets", "bang-inverse")]
    public async Task Filter_ThatFailsAtBytes_ResetsBothSidesOfItsConnectionAlone(string transport, string when)
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        await using var sidecar = await StartAsync(folder, transport, $"transform: (chain not (grumble {when}) not)", upstream.Port);
        using var other = await SocketTalk.ConnectAsync(sidecar.Port);
        using var otherServed = await upstream.AcceptAsync();
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        var (source, sink) = when == "bang" ? (client, served) : (served, client);
        await source.SendAsync("well");
        Assert.Equal("well", await sink.ReadTextAsync(4));

        // Before the filter stands a not.
        await source.SendAllAsync([unchecked((byte)~'!')]);

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
        var record = await sidecar.RecordAsync();
        Assert.Equal(("transform_error", "grumbles at a bang"), (record.Reason, record.Text("detail")));
        await other.SendAsync("still here");
        Assert.Equal("still here", await otherServed.ReadTextAsync(10));
        other.Finish();
        otherServed.Finish();
        await sidecar.RecordAsync(r => r.Reason == "completed");
        await sidecar.NoSocketIsOpenAsync();
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Filter_ThatFailsAtTheOraclesArguments_EndsTheConnection(string transport)
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        await using var oracle = new AnsweringOracle(_ => "ok (grumble arguments)");
        await using var sidecar = await StartAsync(folder, transport, "mode: fixed", upstream.Port, $"oracle: {{address: '127.0.0.1:{oracle.Port}', dialect: v1x}}");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        Assert.Equal("", await client.ReadUntilClosedAsync());

        // The answer names a transform that this sidecar cannot make.
        var record = await sidecar.EndsForAsync("protocol_error");
        Assert.Contains("grumble failed: grumbles at arguments", record.Text("detail"), StringComparison.Ordinal);
        Assert.True(upstream.IsUntouched);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Filter_OfTheConfiguration_IsUnderstoodInTheOraclesAnswer(string transport)
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        await using var oracle = new AnsweringOracle(_ => "ok (chain (grumble bang) (xor 3))");
        await using var sidecar = await StartAsync(folder, transport, "mode: fixed", upstream.Port, $"oracle: {{address: '127.0.0.1:{oracle.Port}', dialect: v1x}}");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        await client.SendAllAsync([1]);
        Assert.Equal([2], await served.ReadAsync(1));

        Assert.Equal("(chain (grumble bang) (xor 3))", (await sidecar.Admin.ConnectionInAsync("relaying")).GetProperty("transform").GetString());
    }

    private static Task<RunningSidecar> StartAsync(TempFolder folder, string transport, string listener, int upstream, string more = "log: {level: error}") =>
        RunningSidecar.StartAsync("--transport", transport, "--config", folder.Write("sidecar.yaml", $"""
            filters: ['{typeof(GrumblingFilter).Assembly.Location}']
            listeners:
              - listen: 127.0.0.1:0
                target: 127.0.0.1:{upstream}
                {listener}
            {more}
            """));
}
