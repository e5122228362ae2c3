using System.Buffers;
using System.Text;
using Sidecar.Connections;
using Sidecar.Relay;
using Sidecar.Taps;
using Sidecar.Transform;
using Testing;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>Taps that watch a direction, on both sides of its codec.</summary>
public sealed class TeeTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Codec _codec = new Capitals();
    private long _position;

    [Fact]
    public void Without_TheLastWatcher_NothingIsLeft()
    {
        var (first, second) = (Watch(1), Watch(1));

        var both = Tee.With(Tee.With(null, first.Point), second.Point);
        var one = Tee.Without(both, first.Point);
        Pass(one!, "x");

        Assert.Null(Tee.Without(Tee.Without(one, first.Point), second.Point));
        Assert.Equal((0, 1), (first.Tap.Chunks.Count, second.Tap.Chunks.Count));
    }

    [Fact]
    public void Apply_WithTapsOfSeveralSizes_GivesEachItsOwn()
    {
        var (narrow, wide) = (Watch(2), Watch(4));
        _position = 6;
        var tee = Tee.With(Tee.With(null, narrow.Point), wide.Point);
        Pass(tee, "abcdef");
        Pass(tee, "gh");

        Assert.Equal("6+6 ab AB, 12+2 gh GH", Shown(narrow.Tap));
        Assert.Equal("6+6 abcd ABCD, 12+2 gh GH", Shown(wide.Tap));
    }

    [Fact]
    public void Apply_ThatThrows_ThrowsTheSameAndTellsTheTap()
    {
        var watch = Watch(16);

        Assert.Throws<DivideByZeroException>(() => Pass(Tee.With(null, watch.Point), "no!"));

        Assert.Equal("0+3 no! failed", Shown(watch.Tap));
    }

    [Fact]
    public void Apply_OfACodecThatChangesLengths_ShowsWhatItMadeOfEachChunk()
    {
        var watch = Watch(16);
        var tee = Tee.With(null, watch.Point);
        // Holds back a letter, and begins with a dash.
        var codec = new FramingEncoder(2, "-"u8.ToArray());
        foreach (var chunk in new[] { "a", "bcd" })
        {
            _output.ResetWrittenCount();
            Assert.False(tee.Apply(codec, _position, Encoding.ASCII.GetBytes(chunk), _output));
            _position += chunk.Length;
        }

        Assert.Equal("0+1 a , 1+3 bcd -\0\u0002ab-\0\u0002cd", Shown(watch.Tap));
    }

    private void Pass(Tee tee, string text)
    {
        Assert.True(tee.Apply(_codec, _position, Encoding.ASCII.GetBytes(text), _output));
        _position += text.Length;
    }

    private (Tap Tap, TapPoint Point) Watch(int bytes)
    {
        var tap = new Tap(bytes, _time);
        return (tap, new TapPoint(tap, "test", Direction.Request));
    }

    private static string Shown(Tap tap)
    {
        var shown = new List<string>();
        while (tap.Chunks.TryRead(out var chunk))
            shown.Add($"{chunk.Offset}+{chunk.Length} {Encoding.ASCII.GetString(chunk.Before)} {(chunk.After is { } after ? Encoding.ASCII.GetString(after) : "failed")}");
        return string.Join(", ", shown);
    }

    private sealed class Capitals : Codec
    {
        public override bool Apply(Span<byte> chunk, IBufferWriter<byte> output)
        {
            foreach (ref var value in chunk)
                value = value == '!' ? throw new DivideByZeroException() : (byte)(value - 32);
            return true;
        }

        public override bool Finish(IBufferWriter<byte> output) => true;

        public override void Abort()
        {
        }
    }
}
