using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.UserFilters;

/// <summary>A filter that throws ends its connection, never the process.</summary>
[SystemTest]
public sealed class FaultyFilterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Apply_ThatThrows_ResetsBothSidesWithItsWords(string transport)
    {
        var source = UserFilter.Source(apply: "if (bytes.IndexOf((byte)'!') >= 0) throw new DivideByZeroException(\"an exclamation mark\");");
        using var service = new LoopbackListener();
        await using var sidecar = await StartAsync(source, service, transport);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await service.AcceptAsync();
        using var other = await SocketTalk.ConnectAsync(sidecar.Port);
        using var otherServed = await service.AcceptAsync();
        await client.SendAsync("fine");
        Assert.Equal("fine", await served.ReadTextAsync(4));

        await client.SendAsync("wrong!");

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
        var record = await sidecar.RecordAsync();
        Assert.Equal(("transform_error", "an exclamation mark"), (record.Reason, record.Text("detail")));
        // The other connection of the process goes on, and new ones come.
        await other.SendAsync("still here");
        Assert.Equal("still here", await otherServed.ReadTextAsync(10));
        using var next = await SocketTalk.ConnectAsync(sidecar.Port);
        using var nextServed = await service.AcceptAsync();
    }

    [Fact]
    public async Task Create_ThatThrows_ResetsBothSidesBeforeAByteMoves()
    {
        using var service = new LoopbackListener();
        var source = UserFilter.Source(create: "throw new DivideByZeroException(\"no transform today\");");
        // p2 waits for a greeting, so that no reset can meet a connection that is still being made.
        await using var sidecar = await StartAsync(source, service, "epoll", "p2");
        foreach (var id in new[] { "first", "second" })
        {
            using var client = await SocketTalk.ConnectAsync(sidecar.Port);
            await client.SendAsync($"bonjour {id}\n");
            using var served = await service.AcceptAsync();

            await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
            var record = await sidecar.RecordAsync(record => record.Id == id);
            Assert.Equal(("transform_error", "no transform today", 0), (record.Reason, record.Text("detail"), record.Number("downstream_received")));
        }
    }

    // Sidecars of one process have filters of one name that differ.
    [Theory]
    [InlineData("epoll", "", "throw new Speechless();", "Speechless")]
    [InlineData("sockets", "", "throw new Speechless();", "Speechless")]
    [InlineData("epoll", "throw new Speechless();", "", "Speechless")]
    [InlineData("epoll", "if (arguments != null) return null;", "", "bad made no transform")]
    [InlineData("sockets", "if (arguments != null) return null;", "", "bad made no transform")]
    public async Task Fault_WithoutWords_EndsItsConnectionsOneByOne(string transport, string create, string apply, string detail)
    {
        using var service = new LoopbackListener();
        var source = UserFilter.Speechless + UserFilter.Source(create: create, apply: apply);
        await using var sidecar = await StartAsync(source, service, transport, role: "p2");
        // More connections than event loops: none of these may end.
        foreach (var id in Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(i => $"id{i}"))
        {
            using var client = await SocketTalk.ConnectAsync(sidecar.Port);
            await client.SendAsync($"bonjour {id}\n");
            using var served = await service.AcceptAsync();
            if (create.Length == 0)
                await client.SendAsync("bytes");

            await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
            var record = await sidecar.RecordAsync(record => record.Id == id);
            Assert.Equal(("transform_error", detail), (record.Reason, record.Text("detail")));
        }
    }

    [Fact]
    public async Task Constructor_ThatThrows_IsOneLineAtTheStart()
    {
        var config = Config(UserFilter.Source(constructor: "throw new DivideByZeroException(\"it\\ncannot be\");"), 9, "epoll");

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "--config", config);

        Assert.Equal((2, 0), (code, output.Count));
        Assert.Matches("^Sidecar: .*sidecar.yaml:1: filters.0 '.*': Bad: it failed: it cannot be$", Assert.Single(errors));
    }

    private Task<RunningSidecar> StartAsync(string source, LoopbackListener service, string transport, string role = "alone") =>
        RunningSidecar.StartAsync("--config", Config(source, service.Port, transport, role));

    private string Config(string source, int target, string transport, string role = "alone") => _folder.Write("sidecar.yaml", $$"""
        filters: ["{{UserFilter.Compile(_folder, source)}}"]
        transport: {{transport}}
        listeners:
          - {listen: "127.0.0.1:0", role: {{role}}, target: "127.0.0.1:{{target}}", transform: (bad)}
        """);
}
