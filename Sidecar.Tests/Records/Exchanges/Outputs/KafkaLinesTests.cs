using System.Text;
using System.Text.Json;
using Chassis;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

/// <summary>Records into Kafka, read by kcat: each once, in the order of its key, or counted.</summary>
[SystemTest]
public sealed class KafkaLinesTests : IDisposable
{
    private const int Keys = 10;

    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly TempFolder _folder = new();
    private readonly KafkaMock _kafka = new();

    public KafkaLinesTests() => RootTools.RequirePrograms("kcat");

    public void Dispose()
    {
        _kafka.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Records_ArriveOnceInTheOrderOfTheirKey_WithTheirFormat()
    {
        const int count = 20_000;
        LineSink sink;
        await using (sink = Open())
            Write(sink, count);

        var read = await ReadAsync();
        Assert.Equal(count, read.Count);
        Assert.All(read.GroupBy(message => message.Key), group => Assert.Equal(Enumerable.Range(0, count).Where(i => $"key-{i % Keys}" == group.Key), group.Select(message => message.Number)));
        Assert.All(read, message => Assert.Equal("format=ecs,schema-version=1", message.Headers));
        Assert.Equal((0L, (long)count), (sink.Dropped, sink.Sent));
        Assert.Empty(_log.Lines);
    }

    // 7 is a request that timed out, 19 and 20 too few replicas, 6 a broker that no longer leads the partition.
    [Theory]
    [InlineData(7, 7, 7)]
    [InlineData(19, 20, 6, 7, 19)]
    public async Task Records_ComeThroughErrorsOfBrokers_Once(params int[] errors)
    {
        const int count = 2000;
        await using (var sink = Open())
        {
            _kafka.Fail(errors);
            Write(sink, count);
            await Eventually.TrueAsync(() => sink.Sent == count, () => $"{sink.Sent} of {count}");
        }

        Assert.Equal(Enumerable.Range(0, count), (await ReadAsync()).Select(message => message.Number).Order());
    }

    // 45 is a message out of its order, after which librdkafka's producer takes no more.
    [Fact]
    public async Task Records_AfterAFatalError_GoOn()
    {
        const int count = 1000;
        LineSink sink;
        await using (sink = Open())
        {
            Write(sink, count);
            await Eventually.TrueAsync(() => sink.Sent == count, () => $"{sink.Sent} of {count}");
            _kafka.Fail(45);
            Write(sink, count, from: count);
            await Eventually.TrueAsync(() => sink.Sent + sink.Dropped == 2 * count, () => $"{sink.Sent} + {sink.Dropped}", TimeSpan.FromSeconds(60));
            Assert.True(sink.Dropped > 0);
            Assert.Contains(_log.Lines, line => line.Contains("sequence", StringComparison.Ordinal));
            Write(sink, count, from: 2 * count);
            await Eventually.TrueAsync(() => sink.Sent + sink.Dropped == 3 * count, () => $"{sink.Sent} + {sink.Dropped}: {string.Join('\n', _log.Lines)}", TimeSpan.FromSeconds(60));
        }

        var read = (await ReadAsync()).Select(message => message.Number).ToList();
        Assert.Equal(3 * count, read.Count + sink.Dropped);
        Assert.True(read.Any(number => number >= 2 * count), $"{sink.Dropped} dropped: {string.Join('\n', _log.Lines)}");
    }

    [Fact]
    public async Task Brokers_ThatGoAndComeBack_GetAll()
    {
        const int count = 1000;
        await using (var sink = Open())
        {
            Write(sink, count);
            await Eventually.TrueAsync(() => sink.Sent == count);
            _kafka.SetUp(false);
            Write(sink, count, from: count);
            await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("wait: ", StringComparison.Ordinal)));
            _kafka.SetUp(true);
            await Eventually.TrueAsync(() => sink.Sent == 2 * count, () => $"{sink.Sent} of {2 * count}", TimeSpan.FromSeconds(60));
        }

        Assert.Equal(Enumerable.Range(0, 2 * count), (await ReadAsync()).Select(message => message.Number).Order());
        Assert.Contains(_log.Lines, line => line.Contains("again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Overflow_DropsAndCountsToTheRecord()
    {
        const int count = 40_000;
        _kafka.SetUp(false);
        LineSink sink;
        await using (sink = Open(queue: 2 * 1024 * 1024))
        {
            Write(sink, count);
            Assert.True(sink.Dropped > 0);
            _kafka.SetUp(true);
            await Eventually.TrueAsync(() => sink.Sent + sink.Dropped == count, () => $"{sink.Sent} + {sink.Dropped}", TimeSpan.FromSeconds(60));
        }

        var read = await ReadAsync();
        Assert.Equal(count, read.Count + sink.Dropped);
        Assert.Equal(read.Count, read.Select(message => message.Number).Distinct().Count());
    }

    [Fact]
    public async Task Brokers_ThatAreAway_DelayTheEndByTheFlushAlone()
    {
        _kafka.SetUp(false);
        var sink = Open();
        Write(sink, 10);
        // Also those that librdkafka has already.
        await Eventually.TrueAsync(() => sink.Waiting == 10, () => $"{sink.Waiting} wait");

        await sink.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

        Assert.Equal((10, 0), (sink.Dropped, sink.Waiting));
        Assert.Contains(_log.Lines, line => line.StartsWith("Records that were lost at the end, because their output did not take them: 10", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no.such.property=1", "no.such.property")]
    [InlineData("acks=many", "acks")]
    [InlineData("retries=many", "retries")]
    [InlineData("compression.codec=rar", "compression.codec")]
    [InlineData("just a line", ":1: NAME=VALUE is expected")]
    [InlineData("# a comment\nbootstrap.servers=a:1", ":2: bootstrap.servers is set by records.brokers")]
    public void Properties_ThatAreWrong_AreOneLine(string properties, string named)
    {
        var output = Output() with { PropertiesFile = _folder.Write("kafka.properties", properties) };

        var error = Assert.Throws<UsageException>(() => output.Check());
        Assert.Contains("records.properties-file", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Single(error.Lines);
    }

    [Theory]
    [InlineData("all", "zstd", true)]
    [InlineData("1", "none", false)]
    [InlineData("0", "gzip", false)]
    public async Task Records_ArriveWithAnyConfirmationAndCompression(string acks, string codec, bool isIdempotent)
    {
        var output = Output() with { Confirmation = acks, Compression = codec, IsIdempotent = isIdempotent };
        var sink = new LineSink(output.Open(Context()), LineSink.DefaultLimit, TimeProvider.System, _log);
        Write(sink, 50);
        await Eventually.TrueAsync(() => sink.Sent == 50);
        await sink.DisposeAsync();

        Assert.Equal(0, sink.Dropped);
    }

    [Fact]
    public void Properties_OfTheFile_TakePrecedence() =>
        (Output() with { PropertiesFile = _folder.Write("kafka.properties", "# like kcat\nacks=1\nenable.idempotence=false\ncompression.codec=zstd\n") }).Check();

    [Fact]
    public void Required_WithoutABroker_IsOneLineThatNamesIt()
    {
        var output = Output() with { Brokers = "127.0.0.1:1", IsRequired = true, Origin = "records.0.brokers" };

        var error = Assert.Throws<UsageException>(() => output.Open(Context()));
        Assert.StartsWith("records.0.brokers '127.0.0.1:1': no broker answers", Assert.Single(error.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("connection", "abc-1")]
    [InlineData("client", "10.1.2.3")]
    [InlineData("path", "/users/{n}/items")]
    public void Key_IsBeforeTheRecord(string key, string expected)
    {
        var line = Written(Format("ecs", Text()), Of("/users/17/items?a=b"), Origin("10.1.2.3:4"), Enum.Parse<RecordKey>(key, ignoreCase: true));

        var (written, record) = LineKey.Split(Encoding.UTF8.GetBytes(line.TrimEnd('\n')));
        Assert.Equal(expected, Encoding.UTF8.GetString(written.Span));
        Assert.Equal("/users/17/items?a=b", JsonDocument.Parse(record).RootElement.GetProperty("url").GetProperty("original").GetString());
    }

    [Theory]
    [InlineData("http://user:secret@host/users/17?token=secret", "/users/{n}")]
    [InlineData("*", "*")]
    public void Key_OfAPath_HasThePathAlone(string target, string expected)
    {
        var line = Written(Format("ecs", Text()), Of(target), key: RecordKey.Path);

        Assert.Equal(expected, line[..line.IndexOf('\0')]);
    }

    [Fact]
    public void Key_OfALongPath_LeavesTheLineToTheRecord()
    {
        var line = Written(Format("ecs", Text()), Of("/" + new string('a', 20_000)), key: RecordKey.Path);

        Assert.Equal(256, line.IndexOf('\0'));
        Assert.InRange(line.Length, 1, ExchangeRecordOptions.DefaultMaxLine);
    }

    [Fact]
    public void Key_OfAPathWithLineFeeds_StaysOneLine()
    {
        var line = Written(Format("perisco", Text()), Of("/a\nb\0c"), key: RecordKey.Path);

        Assert.Equal(1, line.Count(c => c == '\n'));
        Assert.Equal(1, line.Count(c => c == '\0'));
    }

    private KafkaOutput Output() => new() { Brokers = _kafka.Addresses, Topic = "exchanges", Key = RecordKey.Connection };

    private OutputContext Context() => new("ecs", _ => 0, TimeProvider.System, _log);

    private LineSink Open(int queue = LineSink.DefaultLimit) => new(Output().Open(Context()), queue, TimeProvider.System, _log);

    private static void Write(LineSink sink, int count, int from = 0)
    {
        for (var i = from; i < from + count; i++)
            sink.Write(Encoding.UTF8.GetBytes($"key-{i % Keys}\0{{\"number\":{i},\"text\":\"{new string('x', 300)}\"}}\n"));
    }

    private async Task<IReadOnlyList<(string Key, int Number, string Headers)>> ReadAsync()
    {
        // To the end of all partitions.
        var output = await Run.WellAsync("kcat", "-C", "-q", "-e", "-b", _kafka.Addresses, "-t", "exchanges", "-o", "beginning", "-f", "%k\t%h\t%s\n");
        return [.. output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')).Select(parts => (parts[0], JsonDocument.Parse(parts[2]).RootElement.GetProperty("number").GetInt32(), parts[1]))];
    }
}
