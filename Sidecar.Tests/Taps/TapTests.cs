using System.Text;
using Sidecar.Connections;
using Sidecar.Taps;
using Testing;
using Xunit;

namespace Sidecar.Tests.Taps;

public sealed class TapTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Tap _tap;
    private readonly TapPoint _point;

    public TapTests()
    {
        _tap = new Tap(2, _time);
        _point = new TapPoint(_tap, "out", Direction.Response);
    }

    [Fact]
    public void Note_BeyondTheQueue_CountsWhereTheGapIs()
    {
        for (var i = 0; i < Tap.Capacity + 12; i++)
            Note(i);
        var read = Read(10);
        Note(1000);
        Note(1001);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => ((long)i, 0L)), read);
        var rest = Read(Tap.Capacity);
        Assert.Equal(((long)(Tap.Capacity - 1), 0L), rest[^3]);
        Assert.Equal([(1000, 12), (1001, 0)], rest[^2..]);
        Assert.Equal(0, _tap.TakeSkipped());
    }

    [Fact]
    public void TakeSkipped_WhenNothingPassesBehindAGap_HasTheGap()
    {
        for (var i = 0; i < Tap.Capacity + 1; i++)
            Note(i);

        Assert.Equal((1, 0), (_tap.TakeSkipped(), _tap.TakeSkipped()));
    }

    [Fact]
    public void AppendChunk_ShowsTimePlaceAndBytesAndNothingThatATerminalObeys()
    {
        _time.Advance(TimeSpan.FromMilliseconds(1234));
        _tap.Note(_point, 4096, 70_000, "\u001b[2J"u8, [0xff, (byte)'~']);
        _tap.NoteFailed(_point, 74_096, 1, "A"u8);
        var text = new StringBuilder();
        while (_tap.Chunks.TryRead(out var chunk))
            text.AppendChunk(chunk with { Skipped = chunk.Length == 1 ? 12 : 0 });

        Assert.Equal(
            """

            +1.234 s out, upstream to client, offset 4096, 70000 bytes, 2 sent
              before  1b 5b                                            .[
              after   ff 7e                                            .~

            … 12 chunks not shown

            +1.234 s out, upstream to client, offset 74096, 1 byte
              before  41                                               A
              after   nothing: the transform failed

            """,
            text.ToString());
    }

    private void Note(long offset) => _tap.Note(_point, offset, 3, "abc"u8, "ABC"u8);

    private List<(long Offset, long Skipped)> Read(int count)
    {
        var read = new List<(long, long)>();
        while (read.Count < count && _tap.Chunks.TryRead(out var chunk))
        {
            Assert.Equal("ab"u8.ToArray(), chunk.Before);
            read.Add((chunk.Offset, chunk.Skipped));
        }

        return read;
    }
}
