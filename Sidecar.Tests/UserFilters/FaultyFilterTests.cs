using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Xunit;

namespace Sidecar.Tests.UserFilters;

/// <summary>A filter that throws ends its connection, never the process.</summary>
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
        await using var sidecar = await StartAsync(UserFilter.Source(name: "\"bad-create\"", create: "throw new DivideByZeroException(\"no transform today\");"), service, "epoll", "bad-create");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await service.AcceptAsync();

        await Task.WhenAll(client.IsResetAsync(), served.IsResetAsync());
        var record = await sidecar.EndsForAsync("transform_error");
        Assert.Equal("no transform today", record.Text("detail"));
        using var next = await SocketTalk.ConnectAsync(sidecar.Port);
        using var nextServed = await service.AcceptAsync();
    }

    [Fact]
    public async Task Constructor_ThatThrows_IsOneLineAtTheStart()
    {
        var config = Config(UserFilter.Source(constructor: "throw new DivideByZeroException(\"it\\ncannot be\");"), 9, "epoll");

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "--config", config);

        Assert.Equal((2, 0), (code, output.Count));
        Assert.Matches("^Sidecar: .*sidecar.yaml:1: filters.0 '.*': Bad: it failed: it cannot be$", Assert.Single(errors));
    }

    // Compiled expressions are kept by their text for the life of a process, so filters that differ have names that differ.
    private Task<RunningSidecar> StartAsync(string source, LoopbackListener service, string transport, string name = "bad") =>
        RunningSidecar.StartAsync("--config", Config(source, service.Port, transport, name));

    private string Config(string source, int target, string transport, string name = "bad") => _folder.Write("sidecar.yaml", $$"""
        filters: ["{{UserFilter.Compile(_folder, source)}}"]
        transport: {{transport}}
        listeners:
          - {listen: "127.0.0.1:0", target: "127.0.0.1:{{target}}", transform: ({{name}})}
        """);
}
