using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>Names of a namespace, from an API server of the test.</summary>
public abstract class PeerNamesTestBase : IDisposable
{
    private readonly LoggerFactory _loggers = new();
    private readonly MeterFactory _meters = new();

    protected PeerNamesTestBase() => _loggers.AddProvider(Log);

    private protected ErrorLog Log { get; } = new(LogLevel.Information);

    private protected TempFolder Folder { get; } = new();

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static string Ip(int i) => $"10.1.{i / 250}.{(i % 250) + 1}";

    private protected static ConnectionNames Find(PeerNames names, SidecarRole role, string client, string server) =>
        names.Begin(role, IPEndPoint.Parse(client), IPEndPoint.Parse(server), DateTimeOffset.UtcNow)();

    private protected static string? ClientOf(PeerNames names, string address) => Find(names, SidecarRole.Inbound, $"{address}:5000", "127.0.0.1:9000").Client.Pod?.Name;

    private protected Task NamedAsync(PeerNames names, string address, string? pod) =>
        Eventually.TrueAsync(() => ClientOf(names, address) == pod, () => $"{address} is {ClientOf(names, address) ?? "nobody"}, not {pod ?? "nobody"}; {string.Join('\n', Log.Lines)}");

    private protected PeerNames Create(Uri server, KubernetesOptions? options = null)
    {
        options ??= new KubernetesOptions();
        return new PeerNames(
            options with { Names = options.Names == PeerNaming.Off ? PeerNaming.On : options.Names, Server = server, Namespace = "shop" }, _meters, TimeProvider.System, _loggers.CreateLogger<PeerNames>());
    }

    private protected async Task<PeerNames> SyncedAsync(KubernetesApi api, KubernetesOptions? options = null)
    {
        var names = Create(api.Url, options);
        await names.StartAsync(Cancel);
        await Eventually.TrueAsync(() => names.IsSynced, () => $"{string.Join('\n', api.Requests)}\n{string.Join('\n', Log.Lines)}");
        return names;
    }

    // The value of an instrument for a kind of objects.
    protected double Measured(string name)
    {
        var values = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == _meters)
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => values[$"{instrument.Name} {tags[0].Value}"] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => values[$"{instrument.Name} {tags[0].Value}"] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values[name];
    }

    public void Dispose()
    {
        _loggers.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
