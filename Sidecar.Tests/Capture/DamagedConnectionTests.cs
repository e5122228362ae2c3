using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Packets;
using Sidecar.Capture;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Telemetry;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>What is observed of connections of which packets are missing: less, but nothing that is wrong.</summary>
public sealed class DamagedConnectionTests : IDisposable
{
    private const int Rounds = 300;
    private const int Exchanges = 20;

    private readonly TempFolder _folder = new();
    private readonly MeterFactory _meters = new();
    private readonly ErrorLog _errors = new();

    public void Dispose()
    {
        _meters.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("lost")]
    [InlineData("joined")]
    [InlineData("reordered")]
    [InlineData("twice")]
    [InlineData("pipelined")]
    public async Task Exchanges_OfDamagedConnections_HaveTheirOwnAnswers(string damage)
    {
        var random = new Random(damage.Length * 7919);
        var path = _folder.File("records");
        await using (var recorder = Open(path))
        {
            using var memory = new ObservationMemory(ObservationLimits.DefaultMemory);
            var clock = new CapturedTime(isLive: false);
            var observer = new CaptureObserver(
                new NoSource(), CaptureFilter.All, new ObserveOptions(), clock, memory, new ExchangeMetrics(_meters, memory, clock),
                new LoggerFactory([_errors]).CreateLogger<CaptureObserver>(), recorder);
            for (var round = 0; round < Rounds; round++)
                Feed(observer, Damaged(new Conversation($"{round}", random, Exchanges, depth: damage == "pipelined" ? 2 : 1).Segments, damage, random), (ushort)(10_000 + round), round);
            observer.Complete();
            Assert.Equal((0, 0), (memory.Used, observer.Connections));
        }

        Assert.Empty(_errors.Lines);
        var records = ExchangeRecords.Read(path);
        Assert.DoesNotContain(records, record => record.Url.Contains("fake", StringComparison.Ordinal));
        var completed = records.Where(record => record.Outcome == "completed").ToList();
        Assert.All(completed, record => Assert.Equal(record.Url, Answered(record)));
        Assert.Equal(completed.Count, completed.DistinctBy(record => record.Url).Count());
        var share = (double)completed.Count / (Rounds * Exchanges);
        TestContext.Current.TestOutputHelper?.WriteLine($"{damage}: {share:P1} of the exchanges, {records.Count - completed.Count} others");
        if (damage is "whole" or "reordered" or "twice")
            Assert.Equal((Rounds * Exchanges, Rounds * Exchanges), (records.Count, completed.Count));
        else
            Assert.InRange(share, damage is "joined" or "pipelined" ? 0.3 : 0.5, 0.99);
    }

    private static string? Answered(RecordedExchange record) =>
        record.Response!.Value.GetProperty("headers").EnumerateArray().Single(field => field.GetProperty("key").GetString() == "X-Path").GetProperty("value").GetString();

    private ExchangeRecorder Open(string path) => ExchangeRecordServices.Open(
        [new ExchangeRecordOptions { Output = new FileOutput { Path = path }, ConnectionRate = null, ClientRate = null, Queue = 512 * 1024 * 1024 }], new RecordMetrics(_meters), TimeProvider.System, NullLogger.Instance,
        observed: new CapturedTime(isLive: false));

    private static IEnumerable<Segment> Damaged(IReadOnlyList<Segment> segments, string damage, Random random)
    {
        switch (damage)
        {
            case "lost":
                return segments.Where(segment => segment.Bytes.Length == 0 || random.Next(100) > 0);
            case "pipelined":
                // Not before it is known that this client does not wait for answers.
                return segments.Where((segment, i) => i < segments.Count / 3 || segment.Bytes.Length == 0 || random.Next(100) > 0);
            case "joined":
                return segments.Skip(random.Next(2, segments.Count));
            case "twice":
                return segments.SelectMany(segment => new[] { segment, segment });
            case "reordered":
                var order = segments.ToList();
                // Segments of one direction, which come without a pause, overtake each other.
                for (var i = 1; i < order.Count; i++)
                {
                    if (order[i].Direction == order[i - 1].Direction && order[i].Bytes.Length > 0 && order[i - 1].Bytes.Length > 0 && random.Next(2) == 0)
                        (order[i], order[i - 1]) = (order[i - 1], order[i]);
                }

                return order;
            default:
                return segments;
        }
    }

    private static void Feed(CaptureObserver observer, IEnumerable<Segment> segments, ushort port, int round)
    {
        var client = TcpEnd.Of(new IPEndPoint(IPAddress.Parse("10.0.0.1"), port));
        var server = TcpEnd.Of(new IPEndPoint(IPAddress.Parse("10.0.0.2"), 80));
        var time = round * 1_000_000_000L;
        foreach (var segment in segments)
        {
            time += 1000;
            var isToServer = segment.Direction == TcpDirection.ToServer;
            observer.Segment(new TcpSegment
            {
                Time = time,
                From = isToServer ? client : server,
                To = isToServer ? server : client,
                Sequence = segment.Sequence,
                Acknowledgement = segment.Acknowledgement,
                Control = segment.Control,
                Length = segment.Bytes.Length,
                Payload = segment.Bytes,
            });
        }
    }

    private sealed class NoSource : ICaptureSource
    {
        public string Description => "a test";

        public bool IsLive => false;

        public long Lost => 0;

        public void Run(IPacketSink sink, CancellationToken stop) => throw new NotSupportedException();

        public void Ignore(IPEndPoint client, IPEndPoint server, ulong network)
        {
            // All segments come anyway.
        }

        public void Dispose()
        {
            // Nothing is open.
        }
    }
}
