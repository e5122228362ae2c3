using System.Diagnostics.Metrics;
using Chassis.Metrics;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class PrometheusBridgeTests : IDisposable
{
    // A name of this test's own: listeners see the meters of the whole process.
    private readonly Meter _meter = new($"test.{Guid.NewGuid():N}");
    private readonly PrometheusBridge _bridge;

    public PrometheusBridgeTests() => _bridge = new PrometheusBridge(_meter.Name);

    public void Dispose()
    {
        _bridge.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task Page_SeriesUnusedForAnHour_LeaveOnceThereAreMoreThanAHundred()
    {
        var time = new ManualTimeProvider();
        var name = $"test.{Guid.NewGuid():N}";
        using var meter = new Meter(name);
        using var bridge = new PrometheusBridge(null, time, name);
        var counter = meter.CreateCounter<long>("c");
        for (var i = 0; i < 3000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("made", $"up{i}"));
        Assert.Equal(2001, await SeriesAsync(bridge));

        for (var minutes = 0; minutes <= 60; minutes += 20)
        {
            counter.Add(1, new KeyValuePair<string, object?>("made", "up7"));
            await SeriesAsync(bridge);
            time.Advance(TimeSpan.FromMinutes(20));
        }

        counter.Add(1, new KeyValuePair<string, object?>("made", "up2999"));
        await SeriesAsync(bridge);
        Assert.InRange(await SeriesAsync(bridge), 1, 101);
        Assert.Contains("c_total{made=\"up7\"} 5\n", await bridge.PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_FewSeriesUnusedForAnHour_Stay()
    {
        var time = new ManualTimeProvider();
        var name = $"test.{Guid.NewGuid():N}";
        using var meter = new Meter(name);
        using var bridge = new PrometheusBridge(null, time, name);
        var counter = meter.CreateCounter<long>("c");
        for (var i = 0; i < 100; i++)
            counter.Add(1, new KeyValuePair<string, object?>("result", $"{i}"));
        for (var hours = 0; hours < 5; hours++)
        {
            Assert.Equal(100, await SeriesAsync(bridge));
            time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task Record_WhenFullAndNobodyScrapes_UnusedSeriesLeave()
    {
        var time = new ManualTimeProvider();
        var name = $"test.{Guid.NewGuid():N}";
        using var meter = new Meter(name);
        using var bridge = new PrometheusBridge(null, time, name);
        var counter = meter.CreateCounter<long>("c");
        for (var i = 0; i < 3000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("made", $"up{i}"));
        for (var minutes = 0; minutes <= 120; minutes += 30)
        {
            time.Advance(TimeSpan.FromMinutes(30));
            counter.Add(1, new KeyValuePair<string, object?>("made", $"new{minutes}"));
        }

        Assert.Contains("{made=\"new120\"} 1\n", await bridge.PageAsync(), StringComparison.Ordinal);
        Assert.InRange(await SeriesAsync(bridge), 1, 102);
    }

    // Found by reference, they are found by no text.
    [Fact]
    public async Task Record_SameStringsAfterTheirSeriesLeft_BeginAtOneAgain()
    {
        var time = new ManualTimeProvider();
        var name = $"test.{Guid.NewGuid():N}";
        using var meter = new Meter(name);
        using var bridge = new PrometheusBridge(null, time, name);
        var counter = meter.CreateCounter<long>("c");
        var known = new KeyValuePair<string, object?>("made", "first");
        // From the second time on it is found by reference.
        counter.Add(2, known);
        counter.Add(3, known);
        AddOthers();
        await SeriesAsync(bridge);
        time.Advance(TimeSpan.FromHours(1));
        // So many are in use that the one that is not leaves: of those that are not, a hundred stay, and nobody knows which.
        AddOthers();
        await SeriesAsync(bridge);

        counter.Add(1, known);

        Assert.Contains("{made=\"first\"} 1\n", await bridge.PageAsync(), StringComparison.Ordinal);

        void AddOthers()
        {
            for (var i = 0; i < 200; i++)
                counter.Add(1, new KeyValuePair<string, object?>("made", $"up{i}"));
        }
    }

    private static async Task<int> SeriesAsync(PrometheusBridge bridge) => (await bridge.PageAsync()).Split('\n').Count(line => line.StartsWith("c_total{", StringComparison.Ordinal));

    [Fact]
    public async Task Page_EachKind_HasHelpTypeAndValue()
    {
        var counter = _meter.CreateCounter<long>("c.requests", null, "Requests\nand \\ more.");
        counter.Add(2, new KeyValuePair<string, object?>("role", "outbound"));
        counter.Add(3, new KeyValuePair<string, object?>("role", "outbound"));
        var active = _meter.CreateUpDownCounter<int>("u");
        active.Add(5);
        active.Add(-2);
        var gauge = _meter.CreateGauge<double>("g", "By");
        gauge.Record(1);
        gauge.Record(0.5);
        _meter.CreateObservableCounter("oc", () => 7L, "s");
        _meter.CreateObservableGauge("og", () => double.PositiveInfinity);
        Assert.Equal("""
            # HELP c_requests_total Requests\nand \\ more.
            # TYPE c_requests_total counter
            c_requests_total{role="outbound"} 5
            # HELP g_bytes g
            # TYPE g_bytes gauge
            g_bytes 0.5
            # HELP oc_seconds_total oc
            # TYPE oc_seconds_total counter
            oc_seconds_total 7
            # HELP og og
            # TYPE og gauge
            og Infinity
            # HELP u u
            # TYPE u gauge
            u 3

            """, Sorted(await PageAsync()));
        // prometheus-net writes no +Inf here; Prometheus reads either.
        Assert.Equal("", await Promtool.CheckMetricsAsync(await PageAsync()));
    }

    [Fact]
    public async Task Page_TheRuntimesInstruments_HaveTheTypesOfOpenTelemetrysConventions()
    {
        // What can fall is a gauge, whatever kind of instrument the runtime has made of it (semconv, runtime/dotnet-metrics).
        HashSet<string> gauges =
        [
            "dotnet_process_cpu_count_current", "dotnet_process_memory_working_set_bytes", "dotnet_gc_last_collection_memory_committed_size_bytes",
            "dotnet_gc_last_collection_heap_size_bytes", "dotnet_gc_last_collection_heap_fragmentation_size_bytes", "dotnet_thread_pool_thread_count_current",
            "dotnet_thread_pool_queue_length", "dotnet_timer_count_current", "dotnet_assembly_count_current",
        ];
        using var bridge = new PrometheusBridge("System.Runtime");
        var types = (await bridge.PageAsync()).Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();

        Assert.Contains(types, type => type[2] == "dotnet_thread_pool_queue_length");
        Assert.All(types, type => Assert.Equal((type[2], gauges.Contains(type[2]) ? "gauge" : "counter"), (type[2], type[3])));
    }

    [Fact]
    public async Task Page_Histogram_IsCumulativeWithItsOwnBounds()
    {
        var histogram = _meter.CreateHistogram("h", "s", "Time.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (var value in new[] { 0.5, 0.75, 1, 9 })
            histogram.Record(value, new KeyValuePair<string, object?>("a", "b"));
        Assert.Equal("""
            # HELP h_seconds Time.
            # TYPE h_seconds histogram
            h_seconds_sum{a="b"} 11.25
            h_seconds_count{a="b"} 4
            h_seconds_bucket{a="b",le="0.5"} 1
            h_seconds_bucket{a="b",le="1"} 3
            h_seconds_bucket{a="b",le="+Inf"} 4

            """, await PageAsync());
    }

    [Fact]
    public async Task Page_HistogramOfWholeNumbers_KeepsItsAdvisedBounds()
    {
        var sizes = _meter.CreateHistogram("h", "By", advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1024] });
        sizes.Record(512);
        Assert.Contains("h_bytes_bucket{le=\"1024\"} 1\n", await PageAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quote\" backslash\\ line\n", "quote\\\" backslash\\\\ line\\n")]
    [InlineData("caf\u00e9 \u2713", "caf\u00e9 \u2713")]
    [InlineData(true, "true")]
    [InlineData(42, "42")]
    [InlineData(null, "")]
    public async Task Page_LabelValue_IsEscaped(object? value, string expected)
    {
        _meter.CreateCounter<long>("c").Add(1, new KeyValuePair<string, object?>("http.route", value));
        Assert.Contains($"c_total{{http_route=\"{expected}\"}} 1\n", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OverlongLabel_IsCutAndStaysWellFormed()
    {
        _meter.CreateCounter<long>("c").Add(1, new("a", new string('"', 10_000)), new("b", "kept"));
        var line = (await PageAsync()).Split('\n').Single(l => l.StartsWith("c_total", StringComparison.Ordinal));
        Assert.Matches("""^c_total\{a="(\\"){256}",b="kept"\} 1$""", line);
    }

    [Fact]
    public async Task Page_TooManySeries_FallTogetherIntoOneAndLoseNoCount()
    {
        var counter = _meter.CreateCounter<long>("c");
        for (var i = 0; i < 5000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        var lines = (await PageAsync()).Split('\n').Where(l => l.StartsWith("c_total", StringComparison.Ordinal)).ToList();
        Assert.Equal(2001, lines.Count);
        Assert.Contains("c_total{otel_metric_overflow=\"true\"} 3000", lines);
    }

    [Fact]
    public async Task Page_ObservableSeriesNoLongerReported_IsForgotten()
    {
        var listeners = new List<string> { "a", "b" };
        _meter.CreateObservableGauge("og", () => listeners.Select(l => new Measurement<int>(1, new KeyValuePair<string, object?>("l", l))));
        Assert.Contains("og{l=\"b\"} 1\n", await PageAsync(), StringComparison.Ordinal);
        listeners.Remove("b");
        var text = await PageAsync();
        Assert.Contains("og{l=\"a\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("l=\"b\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_DisposedMeterMadeAnew_IsThereOnce()
    {
        var name = $"test.{Guid.NewGuid():N}";
        using var bridge = new PrometheusBridge(name);
        using (var old = new Meter(name))
            old.CreateCounter<long>("c").Add(1);
        using var anew = new Meter(name);
        anew.CreateCounter<long>("c").Add(2);
        Assert.Equal("# HELP c_total c\n# TYPE c_total counter\nc_total 2\n", await bridge.PageAsync());
    }

    [Fact]
    public async Task Page_AnInstrumentThatFails_HidesNoOther()
    {
        var healthy = false;
        _meter.CreateObservableGauge("a", () => 1);
        _meter.CreateObservableGauge("b", () => healthy ? 2 : throw new IOException("no descriptor is left"));
        _meter.CreateObservableGauge("c", () => 3);

        var (page, failures) = await _bridge.TryPageAsync();

        Assert.Equal("no descriptor is left", Assert.IsType<IOException>(Assert.Single(failures!.InnerExceptions)).Message);
        Assert.Equal(["a 1", "c 3"], page.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Order(StringComparer.Ordinal));
        healthy = true;
        Assert.Contains("\nb 2\n", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_FromManyThreads_LosesNoCount()
    {
        var counter = _meter.CreateCounter<double>("c");
        var histogram = _meter.CreateHistogram<double>("h");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counter.Add(0.5, new KeyValuePair<string, object?>("t", thread % 2));
                histogram.Record(1);
            }
        }, TestContext.Current.CancellationToken)));
        var text = await PageAsync();
        Assert.Contains("c_total{t=\"0\"} 20000\n", text, StringComparison.Ordinal);
        Assert.Contains("h_sum 80000\nh_count 80000\n", text, StringComparison.Ordinal);
    }

    private Task<string> PageAsync() => _bridge.PageAsync();

    // Neither families nor series are in an order.
    private static string Sorted(string page) => string.Concat(page.Split("# HELP ", StringSplitOptions.RemoveEmptyEntries)
        .Order(StringComparer.Ordinal).Select(family => $"# HELP {family}"));
}
