using Chassis.Metrics;
using Demo.Verification;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Telemetry;
using Sidecar.Tests.Support;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Telemetry;

public sealed class ExchangeMetricsTests : IDisposable
{
    private const string Requests = "http_server_request_duration_seconds_count";
    private const string Calls = "rpc_server_call_duration_seconds_count";

    private readonly MeterFactory _factory = new();
    private readonly PrometheusBridge _bridge;
    private readonly ExchangeMetrics _metrics;

    public ExchangeMetricsTests()
    {
        _bridge = new PrometheusBridge(_factory, TimeProvider.System, SidecarMetrics.MeterName);
        _metrics = new ExchangeMetrics(_factory, new ObservationMemory(ObservationLimits.DefaultMemory), TimeProvider.System);
    }

    public void Dispose() => _bridge.Dispose();

    [Fact]
    public async Task Exchange_OfAnyKind_HasTheAttributesOfOpenTelemetry()
    {
        _metrics.Ended(Completed(Request("GET", "/a"), Response(200)), "in");
        _metrics.Ended(Completed(Request("BREW", "/a"), Response(418)), "in");
        _metrics.Ended(Completed(Request("get", "/a"), response: null, ExchangeOutcome.Unmatched), "in");
        _metrics.Ended(Completed(Request("", ""), Response(0)), "in");

        var page = await ScrapeAsync();
        Assert.Equal(1, page.Sum(Requests, "listener=\"in\"", "http_request_method=\"GET\"", "http_response_status_code=\"200\"", "network_protocol_version=\"1.1\"", "url_scheme=\"http\""));
        Assert.Equal(1, page.Sum(Requests, "http_request_method=\"_OTHER\"", "http_response_status_code=\"418\""));
        Assert.Equal(1, page.Sum(Requests, "http_request_method=\"_OTHER\"", "error_type=\"unmatched\""));
        Assert.Equal(0, page.Sum(Requests, "http_response_status_code=\"418\"", "error_type=\"418\""));
        _metrics.Ended(Completed(Request("GET", "/a"), Response(503)), "in");
        page = await ScrapeAsync();
        Assert.Equal(1, page.Sum(Requests, "http_response_status_code=\"503\"", "error_type=\"503\""));
        Assert.Equal(5, page.Sum(Requests));
        Assert.Equal(0, page.Sum(Calls));
    }

    [Theory]
    [InlineData("/pkg.Service/Method", 0, "pkg.Service/Method", "OK")]
    [InlineData("/pkg.Service/Served", 14, "pkg.Service/Served", "UNAVAILABLE")]
    [InlineData("/pkg.Service/Served", 99, "pkg.Service/Served", "_OTHER")]
    [InlineData("/pkg.Service/Method", 16, "pkg.Service/Method", "UNAUTHENTICATED")]
    [InlineData("/pkg.Service/Method", 12, "pkg.Service/Method", "UNIMPLEMENTED")]
    [InlineData("/nothing", 0, "_OTHER", "OK")]
    public async Task Call_OfAnyKind_HasMethodAndStatus(string path, int status, string method, string word)
    {
        _metrics.Ended(Call("/pkg.Service/Served", 0), "in");
        _metrics.Ended(Call(path, status), "in");

        Assert.Equal(1, (await ScrapeAsync()).Sum(Calls, $"rpc_method=\"{method}\"", $"rpc_response_status_code=\"{word}\"", "rpc_system_name=\"grpc\"", "listener=\"in\""));
    }

    [Fact]
    public async Task Methods_ThatClientsMakeUp_ShareASeries()
    {
        for (var i = 0; i < ExchangeMetrics.MaxMethods; i++)
            _metrics.Ended(Call($"/known/M{i}", 0), "in");
        for (var i = 0; i < 100; i++)
            _metrics.Ended(Call($"/unknown/M{i}", 0), "in");
        _metrics.Ended(Call("/known/M7", 12), "in");
        for (var i = 0; i < ExchangeMetrics.MaxFailingMethods + 100; i++)
            _metrics.Ended(Call($"/failing/M{i}", 13), "in");

        var page = await ScrapeAsync();
        Assert.Equal(200, page.Sum(Calls, "rpc_method=\"_OTHER\""));
        Assert.Equal(1, page.Sum(Calls, "rpc_method=\"failing/M3\"", "error_type=\"INTERNAL\""));
        Assert.Equal(2, page.Sum(Calls, "rpc_method=\"known/M7\""));
    }

    private static Exchange Call(string path, int status)
    {
        var exchange = Completed(Request("POST", path), Response(200));
        exchange.Grpc = new GrpcCall { Status = status };
        return exchange;
    }

    private async Task<MetricsPage> ScrapeAsync() => new(await _bridge.PageAsync());
}
