using System.Net;
using Demo.Programs;
using Demo.Verification;

namespace Demo.Scenes;

/// <summary>All programs on this machine's loopback, without root. To verify, a tap stands on each way between p1 and p2.</summary>
internal sealed class PlainScene : IScene
{
    // Far more than the clip; a guard for own videos in the folder.
    private const int MaxTappedBytes = 256 * 1024 * 1024;

    private readonly HttpFetcher _web = new();
    private readonly KindPrograms? _kinds;
    private readonly IReadOnlyList<TcpTap> _taps;

    /// <summary>Finds out whether the ports are free, and opens the tap.</summary>
    /// <exception cref="Chassis.UsageException">A port is taken, a program is not built.</exception>
    public PlainScene(DemoOptions options, BuiltPrograms built, KafkaBrokers? kafka, OracleAudit audit, Action<string> progress)
    {
        var ports = options.FreePorts ? DemoPorts.Free() : DemoPorts.Usual;
        ports.RefuseTaken(options.ByKind);
        _kinds = options.ByKind ? new KindPrograms() : null;
        IReadOnlyList<IPEndPoint> p2 = [.. ports.P2.Kinds.All.Take(options.ByKind ? 3 : 1).Select(kind => DemoPorts.Local(kind.Port))];
        _taps = options.Verify ? [.. p2.Select(address => new TcpTap(address, MaxTappedBytes))] : [];
        var policy = options.Policy?.FullName ?? _kinds?.WritePolicy();
        IReadOnlyList<string> records = kafka is not null ? kafka.SidecarOptions : options.Records is not null ? RecordCopy.SidecarOptions : [];
        Programs = new DemoPrograms(built, ports, policy, _kinds, options.Verify ? [.. _taps.Select(tap => tap.Address)] : p2, records, _web).All;
        Invitation = $"Open {DemoPorts.Url(ports.Frontend)} in a browser and play the video. Ctrl-C stops everything.";
        var places = new VerifiedPlaces(DemoPorts.Url(ports.Frontend), DemoPorts.Url(ports.P1.Listen), new Dictionary<string, Uri>
        {
            ["p1"] = DemoPorts.Url(ports.P1.Metrics, "/metrics"),
            ["p2"] = DemoPorts.Url(ports.P2.Metrics, "/metrics"),
        });
        Verifications = options.Verify ? [new DemoVerification(places, built.Clips, _web, _ => Task.FromResult(Tapped()), audit, progress)] : [];
    }

    public IReadOnlyList<DemoProgram> Programs { get; }

    public string Invitation { get; }

    public IReadOnlyList<DemoVerification> Verifications { get; }

    public Task ReportAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _web.Dispose();
        foreach (var tap in _taps)
            await tap.DisposeAsync();
        _kinds?.Dispose();
    }

    private IReadOnlyList<TappedWay> Tapped() => [new("p1 and p2", [.. _taps.SelectMany(tap => tap.Connections)], Transformed: true)];
}
