using System.Net;
using Chassis;
using Chassis.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Listeners;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Listeners;

/// <summary>Which listeners stay, come and go, on real sockets that nobody accepts on.</summary>
public sealed class ListenerTableTests : IDisposable
{
    private readonly RecordingTransport _transport = new();
    private readonly OwnPorts _ports = new();
    private readonly ListenerAnnouncement _announcement = new();
    private readonly ConnectionRegistry _registry = new(new CurrentOptions(Stage.Options()));
    private readonly ListenerTable _table;
    private int _generation;

    public ListenerTableTests() => _table = new ListenerTable(_transport, _ports, _announcement, _registry, NullLogger<ListenerTable>.Instance);

    public void Dispose()
    {
        _announcement.Dispose();
        _transport.Dispose();
    }

    [Fact]
    public async Task Replace_SameAddress_KeepsTheSocketAndGivesItTheNewGeneration()
    {
        await ReplaceAsync(At("a"), At("b"));
        var before = _table.Current;

        await ReplaceAsync(At("a") with { Target = new HostPort("t", 1) }, At("b"));

        Assert.Equal(before, _table.Current);
        Assert.Equal((2, "t:1"), (_table.Current[0].Current.Number, $"{_table.Current[0].Current.Options.Target}"));
        Assert.Equal((2, 0), (_transport.Opened.Count, _transport.Stopped.Count));
    }

    [Fact]
    public async Task Accepted_BeforeAndAfterAReload_GoThroughTheGenerationOfTheirTime()
    {
        await ReplaceAsync(At("a"));
        var (first, second) = (new MemoryConnection(), new MemoryConnection());
        var accepted = _transport.Opened[0].Accepted;

        await accepted(first);
        await ReplaceAsync(At("a"));
        await accepted(second);

        Assert.Equal((1, 2), (first.Items["generation"], second.Items["generation"]));
    }

    [Fact]
    public async Task Replace_AnotherName_KeepsTheSocketAndCountsUnderTheNewName()
    {
        var port = FreePort();
        await ReplaceAsync(At("a", port: port));

        await ReplaceAsync(At("b", port: port));

        Assert.Empty(_transport.Stopped);
        Assert.Equal("b", _ports.OwnerOf(new IPEndPoint(IPAddress.Loopback, port))?.Name);
        Assert.Equal(["a", "b"], _registry.Counts().Select(c => c.Listener.Name));
    }

    [Fact]
    public async Task Replace_SeveralAtAnyFreePort_KeepTheirNames()
    {
        await ReplaceAsync(At("a"), At("b"), At("c"));
        var ports = _table.Current.ToDictionary(l => l.Current.Options.Name, l => l.Address.Port);

        await ReplaceAsync(At("d"), At("c"), At("a"));

        Assert.Equal((ports["c"], ports["a"]), (_table.Current[1].Address.Port, _table.Current[2].Address.Port));
        Assert.Equal(ports["b"], Assert.Single(_transport.Stopped).Port);
    }

    [Fact]
    public async Task Replace_NamesThatChangePlaces_GoToEachOthersSockets()
    {
        var (one, two) = (FreePort(), FreePort());
        await ReplaceAsync(At("a", port: one), At("b", port: two));

        await ReplaceAsync(At("b", port: one), At("a", port: two));

        Assert.Empty(_transport.Stopped);
        Assert.Equal([("b", one), ("a", two)], _table.Current.Select(l => (l.Current.Options.Name, l.Address.Port)));
    }

    [Fact]
    public async Task Replace_AddressThatMoves_OpensTheNewSocketBeforeItClosesTheOld()
    {
        await ReplaceAsync(At("a"));
        var old = _table.Current[0].Address;
        _transport.OnStop = () =>
        {
            Assert.Equal(2, _transport.Opened.Count);
            // A connection that is led there meanwhile would still reach this process.
            Assert.NotNull(_ports.OwnerOf(old));
        };

        await ReplaceAsync(At("a", "127.0.0.2"));

        Assert.Equal([old], _transport.Stopped);
        Assert.Null(_ports.OwnerOf(old));
        Assert.Equal("a", _ports.OwnerOf(_table.Current[0].Address)?.Name);
    }

    [Fact]
    public async Task Make_AnAddressThatIsTaken_NamesEachAndLeavesAllAsItIs()
    {
        using var held = new LoopbackListener();
        await ReplaceAsync(At("a"));
        var before = _table.Current;

        var error = await Assert.ThrowsAsync<UsageException>(() =>
            ReplaceAsync(At("new"), At("b", port: held.Port), At("c", "203.0.113.9"), At("d", "0.0.0.0", before[0].Address.Port)));

        Assert.Equal(3, error.Lines.Count);
        Assert.StartsWith($"--listen '127.0.0.1:{held.Port}': the port is in use", error.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("--listen '203.0.113.9:0': this machine has no such address", error.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"--listen '0.0.0.0:{before[0].Address.Port}': listener a has this port at {before[0].Address}", error.Lines[2], StringComparison.Ordinal);
        Assert.Equal(before, _table.Current);
        Assert.Equal((1, 0), (_transport.Opened.Count, _transport.Stopped.Count));
    }

    [Fact]
    public async Task Replace_ListenersThatCloseAndComeAgain_FindTheirPortFree()
    {
        await ReplaceAsync(At("a"), At("b"));
        var port = _table.Current[1].Address.Port;

        for (var round = 0; round < 3; round++)
        {
            await ReplaceAsync(At("a"));
            await ReplaceAsync(At("a"), At("b", port: port));
        }

        Assert.Equal(port, _table.Current[1].Address.Port);
    }

    [Fact]
    public async Task Stop_WithListenersOfEveryAge_StopsAllAndNoneComesAnyMore()
    {
        await ReplaceAsync(At("a"), At("b"));
        await ReplaceAsync(At("b"), At("c"));

        await _table.StopAsync();

        Assert.Equal(3, _transport.Stopped.Distinct().Count());
        Assert.Null(await ReplaceAsync(At("d")));
        Assert.Equal(3, _transport.Opened.Count);
    }

    [Fact]
    public async Task Stop_OfSome_LeavesTheOthersOpenAndRefusesReloads()
    {
        await ReplaceAsync(At("a"), At("b"));

        await _table.StopAsync(listener => listener.Name == "b");

        Assert.Equal([_table.Current[1].Address], _transport.Stopped);
        Assert.Null(await ReplaceAsync(At("a")));
        await _table.StopAsync();
        Assert.Equal(2, _transport.Stopped.Count);
    }

    private static int FreePort()
    {
        using var refusing = new RefusingPort();
        return refusing.Port;
    }

    private static ListenerOptions At(string name, string address = "127.0.0.1", int port = 0) =>
        Stage.Listener(name: name) with { Listen = new IPEndPoint(IPAddress.Parse(address), port) };

    private Task<IReadOnlyList<Listener>?> ReplaceAsync(params IReadOnlyList<ListenerOptions> wanted) => RecordingTransport.ReplaceAsync(_table, ++_generation, wanted);
}
