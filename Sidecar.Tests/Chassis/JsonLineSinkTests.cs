using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Chassis;
using Chassis.Records;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed partial class JsonLineSinkTests : IDisposable
{
    private static readonly JsonTypeInfo<Line> Type = LineJson.Default.Line;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_File_AppendsLinesInOrder()
    {
        var path = _folder.Write("records.jsonl", "{\"Number\":-1}\n");
        await using (var sink = JsonLineSink.Open(path, "--records", Type, WhenFull.Wait, NullLogger.Instance))
        {
            for (var i = 0; i < 3; i++)
                await sink.WriteAsync(new Line(i));
        }

        Assert.Equal("{\"Number\":-1}\n{\"Number\":0}\n{\"Number\":1}\n{\"Number\":2}\n", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Write_WaitingSinkBehindASlowOutput_LosesNothing()
    {
        const int count = 3 * JsonLineSink<Line>.Capacity;
        var output = new GatedStream();
        var sink = new JsonLineSink<Line>(new LineOutput(output, NullLogger.Instance), Type, WhenFull.Wait, NullLogger.Instance);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            for (; written < count; Volatile.Write(ref written, written + 1))
                await sink.WriteAsync(new Line(written));
        }, TestContext.Current.CancellationToken);
        await output.Entered;
        await Eventually.TrueAsync(() => Volatile.Read(ref written) >= JsonLineSink<Line>.Capacity);
        Assert.False(writing.IsCompleted);
        output.Open();
        await writing;
        await sink.DisposeAsync();
        Assert.Equal(0, sink.Dropped);
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"{{\"Number\":{i}}}"), output.Lines);
    }

    [Fact]
    public async Task Write_DroppingSinkBehindAStuckOutput_NeverWaitsDropsTheOldestAndCounts()
    {
        const int capacity = JsonLineSink<Line>.Capacity;
        var output = new GatedStream();
        var sink = new JsonLineSink<Line>(new LineOutput(output, NullLogger.Instance), Type, WhenFull.DropOldest, NullLogger.Instance);
        await sink.WriteAsync(new Line(-1));
        await output.Entered;
        for (var i = 0; i < capacity + 100; i++)
            Assert.True(sink.WriteAsync(new Line(i)).AsTask().IsCompletedSuccessfully);
        Assert.Equal(100, sink.Dropped);
        output.Open();
        await sink.DisposeAsync();
        Assert.Equal([-1, .. Enumerable.Range(100, capacity)], output.Lines.Select(line => int.Parse(line["{\"Number\":".Length..^1])));
    }

    [Fact]
    public async Task Write_OneSendersFlood_PushesOutNobodyElses()
    {
        const int capacity = JsonLineSink<Line>.Capacity;
        var output = new GatedStream();
        var sink = new JsonLineSink<Line>(new LineOutput(output, NullLogger.Instance), Type, WhenFull.DropOldest, NullLogger.Instance);
        await sink.WriteAsync(new Line(-1));
        await output.Entered;
        Assert.True(await sink.WriteAsync(new Line(-2), "modest"));
        for (var i = 0; i < 2 * capacity; i++)
            Assert.Equal(i < capacity / 4, await sink.WriteAsync(new Line(i), "greedy"));
        Assert.Equal((2 * capacity) - (capacity / 4), sink.OverShare);
        Assert.True(await sink.WriteAsync(new Line(-3), "modest"));

        output.Open();
        await sink.DisposeAsync();

        Assert.Equal(0, sink.Dropped);
        Assert.Equal([-1, -2, .. Enumerable.Range(0, capacity / 4), -3], output.Lines.Select(line => int.Parse(line["{\"Number\":".Length..^1])));
    }

    [Fact]
    public async Task Write_ManySendersDroppedAndWritten_HaveTheirSharesAgain()
    {
        const int capacity = JsonLineSink<Line>.Capacity;
        var output = new GatedStream();
        var sink = new JsonLineSink<Line>(new LineOutput(output, NullLogger.Instance), Type, WhenFull.DropOldest, NullLogger.Instance);
        await sink.WriteAsync(new Line(-1));
        await output.Entered;
        // The first sender's are the oldest, which give way to the fifth's.
        for (var i = 0; i < 5 * capacity / 4; i++)
            Assert.True(await sink.WriteAsync(new Line(i), i / (capacity / 4)));
        Assert.Equal(capacity / 4, sink.Dropped);
        Assert.True(await sink.WriteAsync(new Line(-2), 0));
        Assert.False(await sink.WriteAsync(new Line(-3), 4));

        output.Open();
        await Eventually.TrueAsync(() => output.Lines.Count() > capacity);
        Assert.True(await sink.WriteAsync(new Line(-4), 4));
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task Write_FullDisk_CountsEveryRecordAndGoesOn()
    {
        await using var sink = JsonLineSink.Open("/dev/full", "--records", Type, WhenFull.Wait, NullLogger.Instance);
        for (var i = 0; i < 50; i++)
            await sink.WriteAsync(new Line(i));
        await Eventually.TrueAsync(() => sink.Dropped == 50);
        await sink.WriteAsync(new Line(50));
        await Eventually.TrueAsync(() => sink.Dropped == 51);
    }

    [Theory]
    [InlineData(WhenFull.Wait)]
    [InlineData(WhenFull.DropOldest)]
    public async Task Write_AfterTheEnd_IsDroppedAndCounted(WhenFull whenFull)
    {
        using var folder = new TempFolder();
        var path = folder.File("records.jsonl");
        var sink = JsonLineSink.Open(path, "--records", Type, whenFull, NullLogger.Instance);
        Assert.True(await sink.WriteAsync(new Line(1)));
        await sink.DisposeAsync();

        Assert.False(await sink.WriteAsync(new Line(2)));

        Assert.Equal(1, sink.Dropped);
        Assert.Equal("{\"Number\":1}\n", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/nonexistent/records.jsonl")]
    [InlineData("/")]
    [InlineData("")]
    public void Open_NoFile_IsAUsageError(string path)
    {
        var error = Assert.Throws<UsageException>(() => JsonLineSink.Open(path, "--records", Type, WhenFull.Wait, NullLogger.Instance));
        Assert.StartsWith($"--records '{path}': ", error.Message, StringComparison.Ordinal);
    }

    internal sealed record Line(int Number);

    [JsonSerializable(typeof(Line))]
    internal sealed partial class LineJson : JsonSerializerContext;
}
