using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Protocol;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Hosting;
using Sidecar.Listeners;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Telemetry;
using Sidecar.Tests.Listeners;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting;

/// <summary>Which listeners close when, on a clock of the test's own and sockets that nobody accepts on.</summary>
public sealed class DrainOrderTests : IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);
    // For a loaded machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly ManualTimeProvider _time = new();
    private readonly RecordingTransport _transport = new();
    private readonly ListenerAnnouncement _announcement = new();
    private readonly MeterFactory _meters = new();
    private readonly Lifetime _lifetime = new();

    public void Dispose()
    {
        _announcement.Dispose();
        _transport.Dispose();
        _meters.Dispose();
        _lifetime.Dispose();
    }

    [Fact]
    public async Task Begin_WithADelay_KeepsAllOpenUntilItIsOver()
    {
        var process = await ProcessAsync(SidecarRole.Inbound, SidecarRole.Alone);

        process.Drain.Begin();

        Assert.True(_lifetime.ApplicationStopping.IsCancellationRequested);
        await TimerAsync(Delay);
        _time.Advance(Delay - Moment);
        Assert.Empty(_transport.Stopped);
        _time.Advance(Moment);
        await process.Drain.RunAsync().WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(2, _transport.Stopped.Count);
    }

    [Fact]
    public async Task Begin_WithoutADelay_ClosesInboundAtOnceAndOutboundWithTheLastConnection()
    {
        var process = await ProcessAsync(TimeSpan.Zero, SidecarRole.Outbound, SidecarRole.Inbound);
        var live = process.Connect(SidecarRole.Inbound);

        process.Drain.Begin();

        await Eventually.TrueAsync(() => _transport.Stopped.Count == 1);
        Assert.Equal(process.Table.Current[1].Address, _transport.Stopped[0]);
        // The application still connects while it answers.
        process.Registry.TryEnd(process.Connect(SidecarRole.Outbound));
        Assert.Single(_transport.Stopped);
        process.Registry.TryEnd(live);
        await process.Drain.RunAsync().WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(2, _transport.Stopped.Count);
    }

    // An application that finishes its work may have no connection for some seconds.
    [Fact]
    public async Task Outbound_WhileTheApplicationConnectsNowAndThen_StaysOpen()
    {
        var process = await ProcessAsync(SidecarRole.Outbound);
        process.Drain.Begin();

        for (var i = 0; i < 5; i++)
        {
            await TimerAsync(Delay);
            process.Registry.TryEnd(process.Connect(SidecarRole.Outbound));
            _time.Advance(Delay);
            Assert.Empty(_transport.Stopped);
        }

        await TimerAsync(Delay);
        _time.Advance(Delay);
        await process.Drain.RunAsync().WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Single(_transport.Stopped);
    }

    [Fact]
    public async Task Outbound_WithAConnectionThatStays_ClosesWhenDelayAndDrainAreOver()
    {
        var process = await ProcessAsync(SidecarRole.Outbound);
        var live = process.Connect(SidecarRole.Outbound);
        process.Drain.Begin();
        await TimerAsync(Delay + process.Options.Drain);

        _time.Advance(Delay + process.Options.Drain - Moment);
        Assert.Empty(_transport.Stopped);
        _time.Advance(Moment);

        await Eventually.TrueAsync(() => live.Failure is { Reason: RelayEndReason.Draining });
        process.Registry.TryEnd(live);
        await process.Drain.RunAsync().WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Single(_transport.Stopped);
    }

    [Fact]
    public async Task Hurry_DuringTheDelay_EndsItAtOnce()
    {
        var process = await ProcessAsync(SidecarRole.Inbound, SidecarRole.Outbound);
        process.Drain.Begin();
        await TimerAsync(Delay);

        process.Drain.Hurry();

        await process.Drain.RunAsync().WaitAsync(Limit, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _transport.Stopped.Count == 2);
    }

    // A reload in the delay would open listeners that nothing closes.
    [Fact]
    public async Task Reload_DuringTheDelay_ChangesNothing()
    {
        var process = await ProcessAsync(SidecarRole.Inbound);
        process.Drain.Begin();

        Assert.Null(await RecordingTransport.ReplaceAsync(process.Table, 2, Stage.Listener(SidecarRole.Inbound, name: "new")));
        Assert.Single(_transport.Opened);
        process.Drain.Hurry();
        await process.Drain.RunAsync().WaitAsync(Limit, TestContext.Current.CancellationToken);
    }

    // The drain runs on the thread pool.
    private Task TimerAsync(TimeSpan due) => Eventually.TrueAsync(() => _time.HasTimerDueIn(due));

    private Task<Parts> ProcessAsync(params SidecarRole[] roles) => ProcessAsync(Delay, roles);

    private async Task<Parts> ProcessAsync(TimeSpan delay, params SidecarRole[] roles)
    {
        var options = Stage.Options([.. roles.Select(role => Stage.Listener(role, name: role.Word()))]) with { DrainDelay = delay, Drain = TimeSpan.FromHours(1) };
        var current = new CurrentOptions(options);
        var registry = new ConnectionRegistry(current);
        var table = new ListenerTable(_transport, new OwnPorts(), _announcement, registry, NullLogger<ListenerTable>.Instance);
        await RecordingTransport.ReplaceAsync(table, 1, [.. options.Listeners]);
        var reporter = new ConnectionReporter(
            null, registry, new SidecarMetrics(_meters, current, registry, _time), new RecordMetrics(_meters), _time, NullLogger<ConnectionReporter>.Instance);
        return new(options, registry, table, new Drain(
            current, registry, reporter, table, new OraclePools(options, _time), _lifetime, _time, NullLogger<Drain>.Instance, _meters));
    }

    private sealed record Parts(SidecarOptions Options, ConnectionRegistry Registry, ListenerTable Table, Drain Drain)
    {
        public ConnectionInfo Connect(SidecarRole role)
        {
            var info = new ConnectionInfo(
                Options.Listeners.Single(listener => listener.Role == role), Stage.Timeouts, new ClientAddress(IPEndPoint.Parse("127.0.0.1:50001")), new MemoryConnection(), 0);
            Assert.True(Registry.TryAdd(info));
            return info;
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }
}
