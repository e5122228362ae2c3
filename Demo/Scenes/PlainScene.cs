using Demo.Programs;
using Demo.Verification;

namespace Demo.Scenes;

/// <summary>All programs on this machine's loopback, without root. To verify, a tap stands between p1 and p2.</summary>
internal sealed class PlainScene : IScene
{
    // Far more than the clip; a guard for own videos in the folder.
    private const int MaxTappedBytes = 256 * 1024 * 1024;

    private readonly HttpFetcher _web = new();
    private readonly TcpTap? _tap;

    /// <summary>Finds out whether the ports are free, and opens the tap.</summary>
    /// <exception cref="Chassis.UsageException">A port is taken, a program is not built.</exception>
    public PlainScene(DemoOptions options, BuiltPrograms built, OracleAudit audit, Action<string> progress)
    {
        var ports = options.FreePorts ? DemoPorts.Free() : DemoPorts.Usual;
        ports.RefuseTaken();
        var p2 = DemoPorts.Local(ports.P2.Listen);
        _tap = options.Verify ? new TcpTap(p2, MaxTappedBytes) : null;
        Programs = new DemoPrograms(built, ports, options.Policy?.FullName, _tap?.Address ?? p2, _web).All;
        Invitation = $"Open {DemoPorts.Url(ports.Frontend)} in a browser and play the video. Ctrl-C stops everything.";
        var places = new VerifiedPlaces(DemoPorts.Url(ports.Frontend), DemoPorts.Url(ports.P1.Listen), new Dictionary<string, Uri>
        {
            ["p1"] = DemoPorts.Url(ports.P1.Metrics, "/metrics"),
            ["p2"] = DemoPorts.Url(ports.P2.Metrics, "/metrics"),
        });
        Verifications = _tap is null ? [] : [new DemoVerification(places, built.Clips, _web, _ => Task.FromResult(Tapped(_tap)), audit, progress)];
    }

    public IReadOnlyList<DemoProgram> Programs { get; }

    public string Invitation { get; }

    public IReadOnlyList<DemoVerification> Verifications { get; }

    public Task ReportAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _web.Dispose();
        if (_tap is not null)
            await _tap.DisposeAsync();
    }

    private static IReadOnlyList<TappedWay> Tapped(TcpTap tap) => [new("p1 and p2", tap.Connections, Transformed: true)];
}
