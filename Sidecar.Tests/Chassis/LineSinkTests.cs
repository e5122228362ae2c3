using System.Text;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class LineSinkTests : IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(100);

    private readonly ManualTimeProvider _time = new();
    private readonly ErrorLog _log = new(LogLevel.Information);

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Write_AFewLines_AreOneWriteAHundredMillisecondsLater()
    {
        var output = new GatedStream(isOpen: true);
        await using var sink = Sink(output);
        sink.Write("a\n"u8);
        _time.Advance(Delay - TimeSpan.FromMilliseconds(1));
        sink.Write("b\n"u8);
        Assert.Equal(0, output.Writes);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(() => output.Text == "a\nb\n");
        Assert.Equal(1, output.Writes);
        Assert.Equal(0, _time.ActiveTimers);

        sink.Write("c\n"u8);
        _time.Advance(Delay);
        await Eventually.TrueAsync(() => output.Text == "a\nb\nc\n");
    }

    [Fact]
    public async Task Write_ABlockFull_IsWrittenAtOnceAndLinesStayWhole()
    {
        var output = new GatedStream(isOpen: true);
        await using var sink = Sink(output);
        var line = Encoding.ASCII.GetBytes(new string('x', 999) + "\n");
        for (var i = 0; i < 263; i++)
            sink.Write(line);
        await Eventually.TrueAsync(() => output.Text.Length == 262 * 1000);
    }

    [Fact]
    public async Task Write_LinesOfAllSizes_ComeOutInOrder()
    {
        var output = new GatedStream(isOpen: true);
        var expected = new StringBuilder();
        await using (var sink = Sink(output))
        {
            var random = new Random(17);
            for (var i = 0; i < 400; i++)
            {
                var line = $"{i} {new string('x', random.Next(i % 50 == 0 ? 200_000 : 2000))}\n";
                expected.Append(line);
                sink.Write(Encoding.ASCII.GetBytes(line));
            }
        }

        Assert.Equal(expected.ToString(), output.Text);
    }

    [Fact]
    public async Task Write_BehindAStuckOutput_DropsTheOldestAndCountsEachLine()
    {
        var output = new GatedStream(isOpen: false);
        var sink = Sink(output, limit: 4 * LineSink.BlockSize);
        const int count = 4000;
        // 256 lines are a block; the first is stuck in the output.
        for (var i = 0; i < count; i++)
        {
            sink.Write(Encoding.ASCII.GetBytes(i.ToString("D1023") + "\n"));
            if (i == 256)
                await output.Entered;
        }

        var dropped = sink.Dropped;
        output.Open();
        await sink.DisposeAsync();

        var numbers = output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToList();
        Assert.Equal(count, numbers.Count + dropped);
        Assert.Equal(dropped, sink.Dropped);
        // The stuck block, and the newest: 2 whole ones and the one that was being filled.
        Assert.Equal([.. Enumerable.Range(0, 256), .. Enumerable.Range(count - 672, 672)], numbers);
    }

    // As many blocks as ticks would fill the memory with next to nothing.
    [Fact]
    public async Task Write_ATrickleBehindAStuckOutput_IsKept()
    {
        var output = new GatedStream(isOpen: false);
        var sink = Sink(output, limit: 4 * LineSink.BlockSize);
        for (var i = 0; i < 50; i++)
        {
            sink.Write("a\n"u8);
            _time.Advance(Delay);
            await output.Entered;
        }

        output.Open();
        await Eventually.TrueAsync(() => output.Text.Length == 100);
        Assert.Equal(0, sink.Dropped);
        await sink.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task Write_ALineLargerThanTheLimit_IsDroppedAlone()
    {
        var output = new GatedStream(isOpen: true);
        var sink = Sink(output, limit: 2 * LineSink.BlockSize);
        sink.Write("a\n"u8);
        sink.Write(new byte[(2 * LineSink.BlockSize) + 1]);
        sink.Write("b\n"u8);
        await sink.DisposeAsync();
        sink.Write("late\n"u8);
        Assert.Equal(("a\nb\n", 2), (output.Text, sink.Dropped));
    }

    [Fact]
    public async Task Write_FromManyThreads_LosesAndCutsNothing()
    {
        var output = new GatedStream(isOpen: true);
        var sink = Sink(output, limit: 64 * LineSink.BlockSize);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
                sink.Write(Encoding.ASCII.GetBytes($"{thread} {i:D400}\n"));
        }, TestContext.Current.CancellationToken)));
        await sink.DisposeAsync();

        var lines = output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')).ToList();
        Assert.Equal(8000, lines.Count);
        Assert.All(lines.GroupBy(l => l[0]), thread => Assert.Equal(Enumerable.Range(0, 2000), thread.Select(l => int.Parse(l[1]))));
    }

    [Fact]
    public async Task Write_LateTexts_TakeTheirPlacesInOrder()
    {
        var output = new GatedStream(isOpen: true);
        await using (var sink = Sink(output))
        {
            sink.Write("{,1}\n"u8, new LateText(1, new Known("7")));
            sink.Write("{2}\n"u8);
            sink.Write("}\n"u8, new LateText(0, new Known("2147483647")));
            sink.Write("{3,}\n"u8, new LateText(2, new Known("0")), new LateText(2, new Known("")), new LateText(3, new Known("\"a\"")));
            sink.Write("{4\n"u8, new LateText(2, new Known("}")));
        }

        Assert.Equal("{7,1}\n{2}\n2147483647}\n{30,\"a\"}\n{4}\n", output.Text);
    }

    // The room of its texts belongs to a line: else they would be written over the next block's end.
    [Fact]
    public async Task Write_LinesThatFillABlockWithTheirLateTexts_AreWhole()
    {
        var output = new GatedStream(isOpen: true);
        var line = new byte[(LineSink.BlockSize / 4) - 5];
        line.AsSpan().Fill((byte)'.');
        line[^1] = (byte)'\n';
        await using (var sink = Sink(output, limit: 8 * LineSink.BlockSize))
        {
            for (var i = 0; i < 9; i++)
                sink.Write(line, new LateText(line.Length - 1, new Known($"{i}{i}{i}")));
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 9).Select(i => new string('.', line.Length - 1) + $"{i}{i}{i}\n")), output.Text);
    }

    // Else the fastest would lose most for a text that nobody may ever find.
    [Fact]
    public async Task Write_MuchBehindATextThatIsNotKnown_WaitsNoLonger()
    {
        var output = new GatedStream(isOpen: true);
        await using var sink = Sink(output, limit: 8 * LineSink.BlockSize);
        var text = new Unknown();
        sink.Write("\n"u8, new LateText(0, text));
        for (var i = 0; i < 4; i++)
            sink.Write(new byte[LineSink.BlockSize]);

        await Eventually.TrueAsync(() => output.Text.StartsWith("1\n", StringComparison.Ordinal));
        // Another sink, which has the time, waits on.
        Assert.False(text.IsGivenUp);
    }

    [Fact]
    public async Task Dispose_BehindAStuckOutput_GivesUpAfterThreeSeconds()
    {
        var output = new GatedStream(isOpen: false);
        var sink = Sink(output);
        sink.Write("a\n"u8);
        _time.Advance(Delay);
        await output.Entered;
        sink.Write("b\n"u8);
        sink.Write("c\n"u8);
        Assert.Equal(3, sink.Waiting);
        var ending = sink.DisposeAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1));
        Assert.False(ending.IsCompleted);

        // It hangs in the kernel, so giving up does not bring it back either.
        await EndsAsync(ending);

        Assert.Equal((3, LostAtTheEnd(3)), (sink.Dropped, Assert.Single(_log.Lines).Trim()));
        output.Open();
    }

    [Fact]
    public async Task Dispose_OfAnOutputThatGivesUp_CountsTheLinesUnderWay()
    {
        var output = new Hopeless();
        var sink = new LineSink(output, LineSink.DefaultLimit, _time, _log);
        sink.Write("a\n"u8);
        sink.Write("b\n"u8);
        _time.Advance(Delay);
        await output.Entered;
        sink.Write("c\n"u8);

        await EndsAsync(sink.DisposeAsync().AsTask());

        Assert.Equal((3, LostAtTheEnd(3)), (sink.Dropped, Assert.Single(_log.Lines).Trim()));
    }

    [Fact]
    public async Task Dispose_WhenAllIsWritten_SaysNothing()
    {
        var sink = Sink(new GatedStream(isOpen: true));
        sink.Write("a\n"u8);

        await sink.DisposeAsync();

        Assert.Equal((0, 0, 1), (sink.Dropped, sink.Waiting, sink.Sent));
        Assert.Empty(_log.Lines);
    }

    private static string LostAtTheEnd(int count) => $"Records that were lost at the end, because their output did not take them: {count}";

    // In steps, because each limit begins when the one before is over.
    private Task EndsAsync(Task ending) => Eventually.TrueAsync(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(500));
        return ending.IsCompleted;
    });

    private LineSink Sink(Stream output, int limit = LineSink.DefaultLimit) =>
        new(new LineOutput(output, NullLogger.Instance), limit, _time, _log);

    /// <summary>A server that never answers.</summary>
    private sealed class Hopeless : ILineOutput
    {
        private readonly TaskCompletionSource _entered = new();
        private readonly TaskCompletionSource _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public bool IsFile => false;

        public long Sent => 0;

        public long Lost { get; private set; }

        public DateTimeOffset? LastSuccess => null;

        public string? LastError => null;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count)
        {
            _entered.TrySetResult();
            await _hopeless.Task;
            Lost += count;
        }

        public void GiveUp() => _hopeless.TrySetResult();

        public Task ReopenAsync() => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Unknown : ILateText
    {
        public Task Known { get; } = new TaskCompletionSource().Task;

        public int MaxLength => 10;

        public bool IsGivenUp { get; private set; }

        public int Write(Span<byte> room)
        {
            room[0] = (byte)'1';
            return 1;
        }

        public void GiveUp() => IsGivenUp = true;
    }

    private sealed class Known(string text) : ILateText
    {
        Task ILateText.Known => Task.CompletedTask;

        public int MaxLength => 10;

        public int Write(Span<byte> room) => Encoding.ASCII.GetBytes(text, room);

        public void GiveUp() => Assert.Fail("it is known");
    }
}
