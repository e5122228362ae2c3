using System.Text.Json;
using Chassis.Records;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Tests.Observation;
using Sidecar.Tests.Support;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class ExchangeRecorderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder.File("records.json");

    private FileOutput Output => new() { Path = Path };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_FilteredExchanges_LeavesLinesOfTheOthers()
    {
        await using (var recorder = Recorder(new ExchangeRecordOptions { Output = Output, Paths = ["!/healthz"] }))
        {
            recorder.Begin(Origin())!.Write(Of("/a"));
            recorder.Begin(Origin())!.Write(Of("/healthz", 500));
            recorder.Begin(Origin())!.Write(Of("/b"));
        }

        Assert.Equal(["/a", "/b"], Lines().Select(Url));
    }

    [Fact]
    public async Task Write_ProcessesFoundLater_StandInAllLinesOfTheirConnections()
    {
        LocalProcess found = new(isPending: true), unknown = new(isPending: true), early = new(isPending: true);
        var recorder = Recorder(new ExchangeRecordOptions { Output = Output });
        for (var i = 0; i < 3; i++)
        {
            recorder.Begin(Origin(process: found))!.Write(Of($"/found/{i}"));
            recorder.Begin(Origin(process: unknown))!.Write(Of($"/unknown/{i}"));
            early.Found(5);
            recorder.Begin(Origin(process: early))!.Write(Of($"/early/{i}"));
            recorder.Begin(Origin())!.Write(Of($"/own/{i}"));
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
        await using var recorder = Recorder(new ExchangeRecordOptions { Output = Output }, time);
        recorder.Begin(Origin(process: process))!.Write(Of("/a"));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Eventually.TrueAsync(() => time.HasTimerDueIn(TimeSpan.FromSeconds(1)));
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Lines().Count == 1);
        recorder.Begin(Origin(process: process))!.Write(Of("/b"));
        time.Advance(TimeSpan.FromMilliseconds(100));
        await Eventually.TrueAsync(() => Lines().Count == 2);

        Assert.All(Lines(), line => Assert.Equal(Environment.ProcessId, line.GetProperty("pid").GetInt32()));
    }

    [Fact]
    public async Task Write_InSteadyState_AllocatesNothing()
    {
        await using var recorder = Recorder(new ExchangeRecordOptions { Output = Output, Sample = 0.99 }, new ManualTimeProvider());
        var exchange = Completed(Request("GET", "/a?token=1", ("Host", "a"), ("Cookie", "b"), ("X", "\u00e9\"")), Response(200, ("Location", "/x?y")));
        exchange.Grpc = new GrpcCall { Status = 0 };
        exchange.Trailers = With(new MessageHeads(1000, Unshared.Account()).Rent(), ("grpc-message", "a%20b"));
        var records = recorder.Begin(Origin())!;
        // An error begins the block, whatever is drawn; all of it has room there.
        records.Write(Of("/a", 500));
        Assert.Equal(0, SteadyState.BytesAllocatedBy(() => records.Write(exchange)));
    }

    [Fact]
    public async Task Write_OneConnectionsFlood_IsCountedAndLeavesOthersTheirRecords()
    {
        var entry = Entry(new ExchangeRecordOptions { Output = Output, ConnectionRate = 10_000, ClientRate = 15_000 }, new ManualTimeProvider());
        var recorder = new ExchangeRecorder([entry]);
        RecordChain first = recorder.Begin(Origin("192.0.2.1:1"))!, second = recorder.Begin(Origin("192.0.2.1:2"))!, other = recorder.Begin(Origin("192.0.2.2:1"))!;

        for (var i = 0; i < 1000; i++)
            first.Write(Of("/first"));
        Assert.InRange(entry.OverConnectionRate, 900, 999);
        Assert.Equal(0, entry.OverClientRate);
        for (var i = 0; i < 1000; i++)
            second.Write(Of("/second"));
        Assert.InRange(entry.OverClientRate, 900, 999);
        other.Write(Of("/other"));
        await recorder.DisposeAsync();

        Assert.InRange(new FileInfo(Path).Length, 30_000, 31_500);
        Assert.Equal("/other", Url(Lines()[^1]));
        Assert.Equal(2001, Lines().Count + entry.OverConnectionRate + entry.OverClientRate);
        Assert.Equal(0, entry.Sink.Dropped);
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

    private static ExchangeRecorder Recorder(ExchangeRecordOptions options, TimeProvider? time = null) => new([Entry(options, time ?? TimeProvider.System)]);

    private static RecordEntry Entry(ExchangeRecordOptions options, TimeProvider time)
    {
        var format = RecordFormats.Create(options, new WallClock(time));
        return ExchangeRecordServices.Create(options, format, new LineSink(options.Output.Open(new OutputContext(options.Format, format.SenderOf, time, NullLogger.Instance)), options.Queue, time, NullLogger.Instance), time);
    }

    private List<JsonElement> Lines() => [.. File.ReadAllLines(Path).Select(line => JsonDocument.Parse(line).RootElement)];
}
