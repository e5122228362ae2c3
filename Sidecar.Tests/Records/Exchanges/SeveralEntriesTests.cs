using Chassis.Metrics;
using Demo.Verification;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Telemetry;
using Sidecar.Tests.Support;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges;

/// <summary>Several entries: each filters, writes and loses records by itself.</summary>
public sealed class SeveralEntriesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MeterFactory _meters = new();
    private readonly PrometheusBridge _bridge;
    private readonly RecordMetrics _metrics;
    private readonly ErrorLog _errors = new();

    public SeveralEntriesTests()
    {
        _bridge = new PrometheusBridge(_meters, TimeProvider.System, SidecarMetrics.MeterName);
        _metrics = new RecordMetrics(_meters);
    }

    public void Dispose()
    {
        _bridge.Dispose();
        _meters.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Write_EntriesWithFiltersOfTheirOwn_EachHasExactlyItsRecords()
    {
        await using (var recorder = Open(To("errors") with { Sample = 0 }, To("all"), To("api") with { Paths = ["/api/**"] }, To("none") with { Sample = 0, AlwaysErrors = false }))
        {
            var records = recorder.Begin(Origin())!;
            records.Write(Of("/a"));
            records.Write(Of("/api/b", 500));
            records.Write(Of("/api/c"));
        }

        Assert.Equal(["/api/b"], Urls("errors"));
        Assert.Equal(["/a", "/api/b", "/api/c"], Urls("all"));
        Assert.Equal(["/api/b", "/api/c"], Urls("api"));
        Assert.Empty(Urls("none"));
    }

    [Fact]
    public async Task Write_EntriesForOtherServersOrProtocols_LeaveTheirExchangesOut()
    {
        await using (var recorder = Open(
            To("here") with { Cidrs = ["127.0.0.0/8"] }, To("elsewhere") with { Cidrs = ["!127.0.0.0/8"] },
            To("http1") with { Protocols = RecordProtocols.Http1 }, To("http2") with { Protocols = RecordProtocols.Http2 }))
        {
            recorder.Begin(Origin())!.Write(Of("/a"));
            recorder.Begin(Origin(server: "10.1.2.3:80"))!.Write(Of("/b"));
        }

        Assert.Equal(["/a"], Urls("here"));
        Assert.Equal(["/b"], Urls("elsewhere"));
        Assert.Equal(["/a", "/b"], Urls("http1"));
        Assert.Empty(Urls("http2"));
    }

    [Fact]
    public async Task Begin_WithoutAnEntryForTheServer_IsNull()
    {
        await using var recorder = Open(To("elsewhere") with { Cidrs = ["10.0.0.0/8"] });

        Assert.Null(recorder.Begin(Origin()));
    }

    [Fact]
    public async Task Write_EntriesThatWriteAlikeAndOthersBetween_HaveTheLinesThatTheyHaveAlone()
    {
        ExchangeRecordOptions[] entries = [To("one"), To("plain") with { HasExt = false }, To("other") with { DenyHeaders = [] }, To("cut") with { MaxLine = 4096 }, To("deny") with { DenyHeaders = ["X"] }];
        await WriteAsync(entries);
        var together = entries.Select(entry => Text(entry.Name!)).ToList();
        foreach (var entry in entries)
            File.Delete(_folder.File(entry.Name!));
        foreach (var entry in entries)
            await WriteAsync(entry);

        Assert.Equal(entries.Select(entry => Text(entry.Name!)), together);
        Assert.Equal(together[0], together[2]);
        Assert.Equal(4, together.Distinct().Count());

        async Task WriteAsync(params ExchangeRecordOptions[] options)
        {
            var recorder = Open(new ManualTimeProvider(), options);
            var records = recorder.Begin(Origin(transform: "not"))!;
            for (var i = 0; i < 3; i++)
                records.Write(Completed(Request("GET", $"/{i}?token=1", ("X", new string('x', 3000)), ("Y", new string('y', 3000))), Response(200)));
            await recorder.DisposeAsync();
        }
    }

    [Fact]
    public async Task Write_AProcessFoundLater_StandsInTheLinesOfAllEntries()
    {
        var process = new LocalProcess(isPending: true);
        var recorder = Open(To("one"), To("other"), To("plain") with { HasExt = false });
        recorder.Begin(Origin(process: process))!.Write(Of("/a"));
        process.Found(4711);
        await recorder.DisposeAsync();

        Assert.All(["one", "other", "plain"], name => Assert.Contains("\"pid\":4711,\"ip\"", Text(name), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Write_AnOutputThatFails_LeavesTheOtherAloneAndIsCountedByItself()
    {
        var recorder = Open(new ManualTimeProvider(), To("full") with { Output = new FileOutput { Path = "/dev/full" } }, To("all"), To("scarce") with { ConnectionRate = 1024 });
        var records = recorder.Begin(Origin())!;
        for (var i = 0; i < 50; i++)
            records.Write(Of($"/{i}"));
        await recorder.DisposeAsync();

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"/{i}"), Urls("all"));
        var page = new MetricsPage(await _bridge.PageAsync());
        Assert.Equal(50, page.Sum("sidecar_records_dropped_total", "sink=\"exchanges\"", "entry=\"full\"", "reason=\"output\""));
        Assert.Equal(0, page.Sum("sidecar_records_dropped_total", "entry=\"all\""));
        Assert.Equal(50 - Urls("scarce").Count, page.Sum("sidecar_records_dropped_total", "entry=\"scarce\"", "reason=\"connection_rate\""));
        Assert.InRange(Urls("scarce").Count, 1, 10);
        Assert.Contains("/dev/full", Assert.Single(_errors.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_TheOnlyEntryWithoutAName_HasTheSeriesThatItAlwaysHad()
    {
        await using var recorder = Open(To("one") with { Name = null });

        var page = await _bridge.PageAsync();

        Assert.Contains("sidecar_records_dropped_total{sink=\"exchanges\",reason=\"output\"} 0", page, StringComparison.Ordinal);
        Assert.DoesNotContain("entry=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reopen_RenamedFiles_MakesAllOfThemAnew()
    {
        await using var recorder = Open(To("one"), To("stdout") with { Output = new FileOutput { Path = "-" } }, To("other"));
        Assert.True(recorder.IsFile);
        foreach (var name in (string[])["one", "other"])
            File.Move(_folder.File(name), _folder.File($"{name}.1"));

        await recorder.ReopenAsync();

        Assert.True(File.Exists(_folder.File("one")) && File.Exists(_folder.File("other")));
    }

    [Fact]
    public async Task Write_InSteadyState_AllocatesNothing()
    {
        await using var recorder = Open(new ManualTimeProvider(), To("one"), To("alike"), To("plain") with { HasExt = false, Sample = 0.5 });
        var (records, exchange) = (recorder.Begin(Origin())!, Of("/a"));
        // An error begins the blocks, whatever is drawn; all of it has room in them.
        records.Write(Of("/a", 500));
        Assert.Equal(0, SteadyState.BytesAllocatedBy(() => records.Write(exchange)));
    }

    [Fact]
    public void WritesAs_WhatAWriterLooksAt_TellsEntriesApart()
    {
        var entry = To("one");
        Assert.True(entry.WritesAs(To("other") with { Sample = 0.5, AlwaysErrors = false, Paths = ["/a"], ConnectionRate = 1, ClientRate = 2, Queue = 3, MaskHeaders = [.. ExchangeRecordOptions.SecretHeaders] }));
        Assert.All(
            [entry with { Format = "x" }, entry with { HasExt = false }, entry with { MaxLine = 5000 }, entry with { AllowHeaders = ["a"] }, entry with { DenyHeaders = ["a"] }, entry with { MaskHeaders = [] }, entry with { MaskQuery = [] }],
            other => Assert.False(entry.WritesAs(other) || other.WritesAs(entry)));
    }

    [Fact]
    public void Formats_TheDefault_IsOneOfThem() => Assert.Contains(To("one").Format, RecordFormats.Names);

    private ExchangeRecordOptions To(string name) => new() { Name = name, Output = new FileOutput { Path = _folder.File(name) } };

    private ExchangeRecorder Open(params ExchangeRecordOptions[] entries) => Open(TimeProvider.System, entries);

    private ExchangeRecorder Open(TimeProvider time, params ExchangeRecordOptions[] entries) => ExchangeRecordServices.Open(entries, _metrics, time, _errors);

    private string Text(string name) => File.ReadAllText(_folder.File(name));

    private List<string> Urls(string name) => [.. Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => RecordedExchange.Parse(line).Url)];
}
