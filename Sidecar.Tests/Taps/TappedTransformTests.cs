using ByteFilters;
using Sidecar.Connections;
using Sidecar.Relay;
using Sidecar.Taps;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Taps;

public sealed class TappedTransformTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ByteCounts _source = new();
    private readonly ProbePump _pump;

    public TappedTransformTests() => _pump = new ProbePump(
        new FailingAt('!'), new DirectionMeter(new SilenceTimer(_time, TimeSpan.FromHours(1), () => { }), _source, new ByteCounts()));

    [Fact]
    public void Detach_OfTheLastTap_LeavesThePumpTheVeryTransformItHad()
    {
        var original = _pump.Current;
        var (first, second) = (Point(1), Point(1));

        _pump.Attach(first);
        _pump.Attach(second);
        _pump.Detach(first);
        Pass("x");
        _pump.Detach(first);
        Assert.NotSame(original, _pump.Current);
        _pump.Detach(second);

        Assert.Same(original, _pump.Current);
        Assert.Equal((0, 1), (first.Tap.Chunks.Count, second.Tap.Chunks.Count));
    }

    [Fact]
    public void Apply_WithTapsOfSeveralSizes_GivesEachItsOwn()
    {
        var (narrow, wide) = (Point(2), Point(4));
        Pass("before");
        _pump.Attach(narrow);
        _pump.Attach(wide);
        Pass("abcdef");
        Pass("gh");

        Assert.Equal("6+6 ab AB, 12+2 gh GH", Shown(narrow));
        Assert.Equal("6+6 abcd ABCD, 12+2 gh GH", Shown(wide));
    }

    [Fact]
    public void Apply_ThatThrows_ThrowsTheSameAndTellsTheTap()
    {
        var tap = Point(16);
        _pump.Attach(tap);

        Assert.Throws<DivideByZeroException>(() => Pass("no!"));

        Assert.Equal("0+3 no! failed", Shown(tap));
    }

    private void Pass(string text)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(text);
        _pump.Pass(bytes);
    }

    private TapPoint Point(int bytes) => new(new Tap(bytes, _time), "test", Direction.Request);

    private static string Shown(TapPoint point)
    {
        var shown = new List<string>();
        while (point.Tap.Chunks.TryRead(out var chunk))
            shown.Add($"{chunk.Offset}+{chunk.Length} {Text(chunk.Before)} {(chunk.After is { } after ? Text(after) : "failed")}");
        return string.Join(", ", shown);
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.ASCII.GetString(bytes);

    // Makes capitals, in the way of a transform.
    private sealed class FailingAt(char character) : ByteTransform
    {
        public override void Apply(Span<byte> bytes)
        {
            foreach (ref var value in bytes)
                value = value == character ? throw new DivideByZeroException() : (byte)(value - 32);
        }
    }

    private sealed class ProbePump(ByteTransform transform, DirectionMeter meter) : Pump(transform, meter)
    {
        public ByteTransform Current => Transform;

        public override void Start()
        {
        }

        public void Pass(byte[] bytes)
        {
            Meter.Received(bytes.Length);
            Transform.Apply(bytes);
        }
    }
}
