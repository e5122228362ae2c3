using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Otlp;

namespace Sidecar.Hosting.Metrics;

/// <summary>
/// Sends all metrics to a collector of OpenTelemetry, by OpenTelemetry's SDK. Values are totals since the start: when some do not arrive, the
/// next ones say all that they said.
/// </summary>
internal sealed partial class MetricsExport : IAsyncDisposable
{
    private const string Switch = "Sidecar.Metrics.Otlp.IsSupported";
    private const string MetricsPath = "v1/metrics";

    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    // The sidecar's end waits for the last values.
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http;
    private readonly MeterProvider _provider;

    /// <param name="options">The collector.</param>
    /// <param name="pod">The attributes of the own pod.</param>
    /// <param name="logger">Gets a line when metrics do not arrive, and one when they do again.</param>
    /// <param name="meters">The names of the meters.</param>
    public MetricsExport(MetricsExportOptions options, IReadOnlyDictionary<string, string>? pod, ILogger<MetricsExport> logger, params string[] meters)
    {
        var isGrpc = options.Protocol == OtlpProtocol.Grpc;
        var watch = new CollectorWatch(HttpOutput.Handler(Authorities(options)), isGrpc);
        _http = new HttpClient(watch) { Timeout = RequestLimit };
        _http.DefaultRequestHeaders.Authorization = options.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        var description = options.Url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var exporter = new Exporter(
            new OtlpExporterOptions
            {
                // The SDK adds the path of gRPC alone.
                Endpoint = new Uri(isGrpc ? description : $"{description}/{MetricsPath}"),
                Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
                HttpClientFactory = () => _http,
                TimeoutMilliseconds = (int)RequestLimit.TotalMilliseconds,
            },
            watch,
            description,
            logger);
        _provider = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddTelemetrySdk().AddAttributes(Resource(options, pod).Select(attribute => KeyValuePair.Create(attribute.Key, (object)attribute.Value))))
            .AddMeter(meters)
            .AddReader(new PeriodicExportingMetricReader(exporter, (int)options.Interval.TotalMilliseconds, (int)RequestLimit.TotalMilliseconds))
            .Build();
    }

    /// <summary>Whether this program can use it; a native build cannot, because the SDK would make it larger than 20 MB.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsSupported => !AppContext.TryGetSwitch(Switch, out var isOn) || isOn;

    /// <summary>Checks the settings, without a connection.</summary>
    /// <exception cref="Chassis.UsageException">One is wrong.</exception>
    public static void Check(MetricsExportOptions options)
    {
        Authorities(options);
        Resource(options, pod: null);
    }

    /// <summary>Sends the last values.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.Run(() => _provider.Shutdown((int)LastLimit.TotalMilliseconds));
        _provider.Dispose();
        _http.Dispose();
    }

    private static X509Certificate2Collection? Authorities(MetricsExportOptions options) =>
        Chassis.Net.Authorities.Read(options.CaFile, "metrics.otlp.ca-file");

    private static IReadOnlyDictionary<string, string> Resource(MetricsExportOptions options, IReadOnlyDictionary<string, string>? pod) =>
        OtlpResource.Of(options.Service, Environment.GetEnvironmentVariable, pod);

    // The SDK tells nobody that a collector is away.
    private sealed class Exporter(OtlpExporterOptions options, CollectorWatch watch, string description, ILogger logger) : OtlpMetricExporter(options)
    {
        private bool _isFailing;

        public override ExportResult Export(in Batch<Metric> metrics)
        {
            var result = base.Export(metrics);
            var failure = watch.Failure ?? (result == ExportResult.Success ? null : "the request failed");
            if (failure is null && _isFailing)
                Log.Again(logger, description);
            else if (failure is not null && !_isFailing)
                Log.Failing(logger, description, failure);
            _isFailing = failure is not null;
            return result;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(140, LogLevel.Error, "Metrics do not arrive at {Collector}: {Reason}")]
        public static partial void Failing(ILogger logger, string collector, string reason);

        [LoggerMessage(141, LogLevel.Information, "Metrics arrive at {Collector} again")]
        public static partial void Again(ILogger logger, string collector);
    }
}
