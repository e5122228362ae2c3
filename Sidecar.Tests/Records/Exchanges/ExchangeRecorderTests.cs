using System.Net;
using System.Text.Json;
using Chassis.Records;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges;
using Sidecar.Tests.Observation;
using Sidecar.Tests.Support;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class ExchangeRecorderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder.File("records.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_FilteredExchanges_LeavesLinesOfTheOthers()
    {
        await using (var recorder = Recorder(new ExchangeRecordOptions { Path = Path, Paths = ["!/healthz"] }))
        {
            recorder.Write(Origin(), Of("/a"));
            recorder.Write(Origin(), Of("/healthz", 500));
            recorder.Write(Origin(), Of("/b"));
        }

        Assert.Equal(["/a", "/b"], Lines().Select(Url));
    }

    [Fact]
    public async Task Write_ProcessesFoundLater_StandInAllLinesOfTheirConnections()
    {
        LocalProcess found = new(isPending: true), unknown = new(isPending: true), early = new(isPending: true);
        var recorder = Recorder(new ExchangeRecordOptions { Path = Path });
        for (var i = 0; i < 3; i++)
        {
            recorder.Write(Origin(process: found), Of($"/found/{i}"));
            recorder.Write(Origin(process: unknown), Of($"/unknown/{i}"));
            early.Found(5);
            recorder.Write(Origin(process: early), Of($"/early/{i}"));
            recorder.Write(Origin(), Of($"/own/{i}"));
        }

        found.Found(1_234_567_890);
        unknown.Found(null);
        await recorder.DisposeAsync();

        var lines = Lines();
        Assert.Equal(12, lines.Count);
        Assert.All(lines, line => Assert.Equal(
            Url(line).Split('/')[1] switch { "found" => 1_234_567_890, "early" => 5, _ => Environment.ProcessId }, line.GetProperty("pid").GetInt32()));
        Assert.DoesNotContain("  ", await File.ReadAllTextAsync(Path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_ProcessNeverFound_IsWaitedForOneSecondOnceAndNotBeyond()
    {
        var time = new ManualTimeProvider();
        var process = new LocalProcess(isPending: true);
        await using var recorder = Recorder(new ExchangeRecordOptions { Path = Path }, time);
        recorder.Write(Origin(process: process), Of("/a"));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Eventually.TrueAsync(() => time.HasTimerDueIn(TimeSpan.FromSeconds(1)));
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Lines().Count == 1);
        recorder.Write(Origin(process: process), Of("/b"));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Eventually.TrueAsync(() => Lines().Count == 2);

        Assert.All(Lines(), line => Assert.Equal(Environment.ProcessId, line.GetProperty("pid").GetInt32()));
    }

    [Fact]
    public async Task Write_InSteadyState_AllocatesNothing()
    {
        await using var recorder = Recorder(new ExchangeRecordOptions { Path = Path, Sample = 0.99 }, new ManualTimeProvider());
        var exchange = Completed(Request("GET", "/a?token=1", ("Host", "a"), ("Cookie", "b"), ("X", "\u00e9\"")), Response(200, ("Location", "/x?y")));
        exchange.Grpc = new GrpcCall { Status = 0 };
        exchange.Trailers = With(new MessageHeads(1000, Unshared.Account()).Rent(), ("grpc-message", "a%20b"));
        var origin = Origin();
        recorder.Write(origin, exchange);
        // Within the first block, so that only the record's own cost is seen.
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++)
            recorder.Write(origin, exchange);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Write_OneConnectionsFlood_IsCountedAndLeavesOthersTheirRecords()
    {
        var time = new ManualTimeProvider();
        var recorder = Recorder(new ExchangeRecordOptions { Path = Path, ConnectionRate = 10_000, ClientRate = 15_000 }, time);
        var one = IPAddress.Parse("192.0.2.1");
        ExchangeOrigin first = Budgeted(one), second = Budgeted(one), other = Budgeted(IPAddress.Parse("192.0.2.2"));

        for (var i = 0; i < 1000; i++)
            recorder.Write(first, Of("/first"));
        Assert.InRange(recorder.OverConnectionRate, 900, 999);
        Assert.Equal(0, recorder.OverClientRate);
        for (var i = 0; i < 1000; i++)
            recorder.Write(second, Of("/second"));
        Assert.InRange(recorder.OverClientRate, 900, 999);
        recorder.Write(other, Of("/other"));
        await recorder.DisposeAsync();

        Assert.InRange(new FileInfo(Path).Length, 30_000, 31_500);
        Assert.Equal("/other", Url(Lines()[^1]));
        Assert.Equal(2001, Lines().Count + recorder.OverConnectionRate + recorder.OverClientRate);
        Assert.Equal(0, recorder.Dropped);

        ExchangeOrigin Budgeted(IPAddress client) => Origin(budget: recorder.Budgets.For(client));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.25, 4600, 5400)]
    [InlineData(1, 20_000, 20_000)]
    public void Accepts_AShare_IsDrawnForEachExchange(double sample, int least, int most)
    {
        var filter = new ExchangeFilter(sample, alwaysErrors: true, new PathFilter([]));
        var exchange = Of();
        // 6.5 standard deviations on either side.
        Assert.InRange(Enumerable.Range(0, 20_000).Count(_ => filter.Accepts(exchange)), least, most);
    }

    public static TheoryData<string> Errors => ["404", "500", "reset", "timeout", "unmatched", "grpc", "no grpc-status"];

    [Theory]
    [MemberData(nameof(Errors))]
    public void Accepts_AnErrorOfNoShare_OnlyIfErrorsAlwaysAre(string error)
    {
        var exchange = error switch
        {
            "404" => Of(status: 404),
            "500" => Of(status: 500),
            "reset" => Completed(Request("GET", "/"), Response(200), ExchangeOutcome.ClientReset),
            "timeout" => Completed(Request("GET", "/"), Response(200), ExchangeOutcome.Timeout),
            "unmatched" => Completed(Request("GET", "/"), null, ExchangeOutcome.Unmatched),
            _ => Of(),
        };
        if (error.Contains("grpc", StringComparison.Ordinal))
            exchange.Grpc = new GrpcCall { Status = error == "grpc" ? 14 : null };
        Assert.True(new ExchangeFilter(0, alwaysErrors: true, new PathFilter([])).Accepts(exchange));
        Assert.False(new ExchangeFilter(0, alwaysErrors: false, new PathFilter([])).Accepts(exchange));
    }

    [Theory]
    [InlineData(200, 0)]
    [InlineData(302, null)]
    [InlineData(304, null)]
    public void Accepts_WhatIsNoError_IsLeftToTheShare(int status, int? grpc)
    {
        var exchange = Of(status: status);
        exchange.Grpc = grpc is null ? null : new GrpcCall { Status = grpc };
        Assert.False(new ExchangeFilter(0, alwaysErrors: true, new PathFilter([])).Accepts(exchange));
    }

    private static string Url(JsonElement line) =>
        line.GetProperty("l7").GetProperty("request").GetProperty("Record").GetProperty("Http").GetProperty("url").GetString()!;

    private static ExchangeRecorder Recorder(ExchangeRecordOptions options, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        return ExchangeRecordServices.Create(options, LineSink.Open(options.Path, "--records", null, LineSink.DefaultLimit, time, NullLogger.Instance), time);
    }

    private List<JsonElement> Lines() => [.. File.ReadAllLines(Path).Select(line => JsonDocument.Parse(line).RootElement)];
}
