using System.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Hosting.Admin;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Sidecar.Transport.Sockets;
using Sidecar.Upstream;
using Testing;
using Xunit;

namespace Sidecar.Tests.Upstream;

/// <summary>Outlier detection before the flapping servers of one name: real sockets, on a clock of the test's own.</summary>
[SystemTest]
public sealed class FlappingAddressesTests : IDisposable
{
    private static readonly OutlierDetection Outlier = new() { Failures = 2, EjectionTime = TimeSpan.FromSeconds(10), MaxEjectionTime = TimeSpan.FromSeconds(25) };
    private static readonly UpstreamLimits Limits = new() { Outlier = Outlier };

    private readonly ManualTimeProvider _time = new();
    private readonly UpstreamTable _table;
    private readonly FlappingServer[] _servers = [.. Enumerable.Range(0, 5).Select(_ => new FlappingServer())];

    public FlappingAddressesTests() => _table = new UpstreamTable(_time);

    public void Dispose()
    {
        foreach (var server in _servers)
            server.Dispose();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    public async Task Servers_ThatAllRefuse_AreEjectedByHalfAtMostAndComeBack(int servers, int most)
    {
        foreach (var server in _servers[..servers])
            server.Refuse();

        for (var i = 0; i < 3 * servers; i++)
        {
            var failure = (await ConnectAsync(servers)).Failure;
            // Those that are left are tried. Only an address that is alone has none beside it.
            if (servers > 1)
                Assert.Equal(RelayEndReason.ConnectFailed, failure);
            Assert.InRange(Open(servers).Count, 0, most);
        }

        var ejected = Open(servers);
        Assert.Equal(most, ejected.Count);
        Assert.Equal((most, most), (_table.Totals().Ejected, (int)_table.Totals().Ejections));

        // An ejected one accepts again: it gets a connection when its time is over, and not before.
        _servers[ejected[0]].Accept();
        _time.Advance(Outlier.EjectionTime - TimeSpan.FromTicks(1));
        Assert.Null((await ConnectAsync(servers)).Connection);
        _time.Advance(TimeSpan.FromTicks(1));
        await using var connection = (await ConnectAsync(servers)).Connection;
        Assert.Equal(_servers[ejected[0]].Port, ((IPEndPoint)connection!.RemoteEndPoint!).Port);
        Assert.Equal(("closed", 0L, null), Shown(ejected[0]));
    }

    [Fact]
    public async Task Server_ThatGoesOnRefusing_IsLeftOutForLongerEachTime()
    {
        _servers[0].Refuse();
        for (var i = 0; i < Outlier.Failures; i++)
        {
            // What failed lately is tried last, so the first one is not tried again before.
            await IsServedAsync(by: 1);
            await IsServedAsync(by: 1);
            Assert.Equal(i + 1, Of(0).Failures);
            if (i < Outlier.Failures - 1)
                _time.Advance(UpstreamTable.FailedLately);
        }

        foreach (var expected in (int[])[10, 20, 25, 25])
        {
            Assert.Equal(("open", Of(0).Failures, (double?)(expected * 1000)), Shown(0));
            _time.Advance(TimeSpan.FromSeconds(expected) - TimeSpan.FromTicks(1));
            var failures = Of(0).Failures;
            await IsServedAsync(by: 1);
            Assert.Equal(failures, Of(0).Failures);
            _time.Advance(TimeSpan.FromTicks(1));
            Assert.Equal(("half_open", failures, null), Shown(0));
            // Its trial fails, and the connection goes to the next.
            await IsServedAsync(by: 1);
            Assert.Equal(failures + 1, Of(0).Failures);
        }

        _servers[0].Accept();
        _time.Advance(Outlier.MaxEjectionTime);
        await IsServedAsync(by: 0);
        Assert.Equal(("closed", 0L, null), Shown(0));
        Assert.Equal((0, 5L), (_table.Totals().Ejected, _table.Totals().Ejections));
        await IsServedAsync(by: 0);
    }

    // Whatever the servers do: no more than half are left out, and while one that is not accepts, every connection is served.
    [Fact]
    public async Task Servers_ThatFlapAtRandom_LeaveHalfInUse()
    {
        var random = new Random(18);
        var accepts = Enumerable.Repeat(true, _servers.Length).ToArray();
        for (var step = 0; step < Rounds.Of(500); step++)
        {
            var at = random.Next(_servers.Length);
            if (accepts[at])
                _servers[at].Refuse();
            else
                _servers[at].Accept();
            accepts[at] = !accepts[at];
            _time.Advance(TimeSpan.FromSeconds(random.Next(4)));
            var usable = Enumerable.Range(0, _servers.Length).Except(Open(_servers.Length)).Any(i => accepts[i]);

            var outcome = await ConnectAsync(_servers.Length);

            Assert.True(outcome.Connection is not null || !usable, $"step {step}: {outcome}");
            Assert.True(outcome.Connection is null || accepts[Array.FindIndex(_servers, server => server.Port == ((IPEndPoint)outcome.Connection.RemoteEndPoint!).Port)], $"step {step}");
            Assert.InRange(Open(_servers.Length).Count, 0, _servers.Length / 2);
            await CloseAsync(outcome);
        }

        Assert.True(_table.Totals().Ejections > 0);
        Assert.All(_table.Snapshots(), shown => Assert.Equal((0, 0), (shown.Connections, shown.Pending)));
    }

    private async Task IsServedAsync(int by)
    {
        var outcome = await ConnectAsync(2);
        Assert.Equal(_servers[by].Port, ((IPEndPoint)outcome.Connection!.RemoteEndPoint!).Port);
        await CloseAsync(outcome);
    }

    private static async Task CloseAsync(ConnectOutcome outcome)
    {
        if (outcome.Connection is not null)
            await outcome.Connection.DisposeAsync();
        outcome.Use?.Dispose();
    }

    private Task<ConnectOutcome> ConnectAsync(int servers)
    {
        var connector = new UpstreamConnector(
            new SocketDialer(new TcpOptions(), TimeProvider.System), new AttemptPlaces(), _table, Stage.Options() with { ConnectAttempts = 1 }, _time);
        return connector.ConnectAsync(new ConnectRequest(
            new DefaultConnectionContext(), [.. _servers[..servers].Select(Address)], TimeSpan.FromMinutes(1), TimeSpan.Zero, Limits)).AsTask();
    }

    private List<int> Open(int servers) => [.. Enumerable.Range(0, servers).Where(i => _table.Snapshots().Any(shown => shown.Address.Equals(Address(_servers[i])) && shown.State == CircuitState.Open))];

    private UpstreamSnapshot Of(int server) => _table.Snapshots().Single(shown => shown.Address.Equals(Address(_servers[server])));

    // As GET /upstreams has it.
    private (string Circuit, long Failures, double? EjectedForMs) Shown(int server)
    {
        var view = UpstreamView.Of(Of(server));
        return (view.Circuit, view.Failures, view.EjectedForMs);
    }

    private static IPEndPoint Address(FlappingServer server) => new(IPAddress.Loopback, server.Port);
}
