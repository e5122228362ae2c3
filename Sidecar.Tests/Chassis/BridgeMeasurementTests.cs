using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chassis.Metrics;
using Prometheus;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

/// <summary>What a measurement costs, and what instruments share or spoil.</summary>
public sealed class BridgeMeasurementTests : IDisposable
{
    private const int Measurements = 1000;
    private static readonly string[] Made = [.. Enumerable.Range(0, 50).Select(i => $"made{i}")];

    private readonly Meter _meter = new($"test.{Guid.NewGuid():N}");
    private readonly PrometheusBridge _bridge;

    public BridgeMeasurementTests() => _bridge = new PrometheusBridge(_meter.Name);

    public void Dispose()
    {
        _bridge.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Record_OfSeriesThatExist_AllocatesNothing()
    {
        var counter = _meter.CreateCounter<long>("c");
        var upDown = _meter.CreateUpDownCounter<int>("u");
        var gauge = _meter.CreateGauge<double>("g");
        var histogram = _meter.CreateHistogram<double>("h");
        object number = 42;
        Assert.NotEqual(0, AllocatedBy(() => counter.Add(1, new KeyValuePair<string, object?>("a", new string('x', 3)))));

        // More than are known by reference: the rest is found by its text.
        var next = 0;
        Assert.Equal(0, AllocatedBy(() => counter.Add(1, new("made", Made[next++ % Made.Length]), new("role", "outbound"))));
        Assert.Equal(0, AllocatedBy(() => counter.Add(1, new KeyValuePair<string, object?>("status", number))));
        Assert.Equal(0, AllocatedBy(() => upDown.Add(-1)));
        Assert.Equal(0, AllocatedBy(() => gauge.Record(0.5, new KeyValuePair<string, object?>("role", "outbound"))));
        Assert.Equal(0, AllocatedBy(() => histogram.Record(0.5, new TagList { { "listener", "outbound" }, { "method", "GET" }, { "status", "200" } })));
    }

    [Fact]
    public void Record_BeyondTheBound_AllocatesNothing()
    {
        var counter = _meter.CreateCounter<long>("c");
        for (var i = 0; i < 3000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("made", $"up{i}"));

        Assert.Equal(0, AllocatedBy(() => counter.Add(1, new KeyValuePair<string, object?>("made", "another"))));
    }

    // The series for all others leaves like any: what comes next must not be counted where nobody looks.
    [Fact]
    public async Task Record_BeyondTheBoundAfterAnHourWithout_IsOnThePage()
    {
        var time = new ManualTimeProvider();
        using var bridge = new PrometheusBridge(null, time, _meter.Name);
        var counter = _meter.CreateCounter<long>("c");
        for (var minutes = 0; minutes <= 120; minutes += 30)
        {
            for (var i = 0; i < (minutes == 0 ? 2001 : 2000); i++)
                counter.Add(1, new KeyValuePair<string, object?>("made", $"up{i}"));
            await bridge.PageAsync();
            time.Advance(TimeSpan.FromMinutes(30));
        }

        for (var i = 0; i < 2000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("made", $"up{i}"));
        Assert.DoesNotContain("overflow", await bridge.PageAsync(), StringComparison.Ordinal);
        counter.Add(1, new KeyValuePair<string, object?>("made", "another"));

        Assert.Contains("c_total{otel_metric_overflow=\"true\"} 1\n", await bridge.PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_InstrumentsOfOneName_ShareAFamilyAndASeries()
    {
        using var second = new Meter(_meter.Name);
        var tag = new KeyValuePair<string, object?>("role", "outbound");
        _meter.CreateCounter<long>("c.same", null, "Help.").Add(1, tag);
        second.CreateCounter<double>("c_same").Add(2.5, tag);

        Assert.Equal("# HELP c_same_total Help.\n# TYPE c_same_total counter\nc_same_total{role=\"outbound\"} 3.5\n", await _bridge.PageAsync());
        second.Dispose();
        Assert.Contains("c_same_total{role=\"outbound\"} 3.5\n", await _bridge.PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_OfAnotherTypeWithThatName_IsRefused()
    {
        _meter.CreateGauge<long>("x_total");

        Assert.Contains("x_total", Assert.Throws<InvalidOperationException>(() => _meter.CreateCounter<long>("x")).Message, StringComparison.Ordinal);
    }

    // The measuring thread is an event loop, but prometheus-net throws for each of these values.
    [Fact]
    public async Task Record_OfWhatPrometheusForbids_ThrowsNothing()
    {
        var counter = _meter.CreateCounter<long>("0c");
        counter.Add(2);
        counter.Add(-1);
        _meter.CreateHistogram<double>("h").Record(1, new("le", "a"), new("__b", "c"), new("__b", "d"), new("7", "e"), new("", "f"));

        var page = await _bridge.PageAsync();

        Assert.Contains("\n_0c_total 2\n", page, StringComparison.Ordinal);
        Assert.Contains("h_count{le_=\"a\",_b=\"c\",_7=\"e\",_=\"f\"} 1\n", page, StringComparison.Ordinal);
        Assert.Equal("", await Promtool.CheckMetricsAsync(page));
    }

    [Fact]
    public async Task Page_InOpenMetrics_HasUnitlessNamesAndNoExemplars()
    {
        using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        _meter.CreateCounter<long>("c").Add(1);
        _meter.CreateHistogram("h", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1] }).Record(0.5);

        var page = await _bridge.PageAsync(ExpositionFormat.OpenMetricsText);

        Assert.Contains("# TYPE c counter\nc_total 1.0\n", page, StringComparison.Ordinal);
        Assert.Contains("h_seconds_bucket{le=\"1.0\"} 1\n", page, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" # {", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_WhileOthersMeasure_IsWholeAndLosesNoCount()
    {
        var counter = _meter.CreateCounter<long>("c");
        _meter.CreateObservableCounter("oc", () => Made.Select((m, i) => new Measurement<int>(i, new KeyValuePair<string, object?>("made", m))));
        var measuring = Task.Run(() =>
        {
            for (var i = 0; i < 200_000; i++)
                counter.Add(1, new KeyValuePair<string, object?>("made", Made[i % Made.Length]));
        }, TestContext.Current.CancellationToken);
        do
        {
            var pages = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => _bridge.PageAsync(), TestContext.Current.CancellationToken)));
            Assert.All(pages, page => Assert.Equal(Made.Length, page.Split('\n').Count(line => line.StartsWith("oc_total{", StringComparison.Ordinal))));
        }
        while (!measuring.IsCompleted);
        await measuring;

        var counts = (await _bridge.PageAsync()).Split('\n').Where(line => line.StartsWith("c_total{", StringComparison.Ordinal)).ToList();
        Assert.Equal(Made.Length, counts.Count);
        Assert.All(counts, line => Assert.EndsWith("} 4000", line, StringComparison.Ordinal));
    }

    // The first ones make series, remember them and compile.
    // The least of some rounds: what the runtime does beside them may count here, and what each measurement allocates shows in all.
    private static long AllocatedBy(Action measure)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Measurements; i++)
                measure();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
