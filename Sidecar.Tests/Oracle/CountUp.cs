using ByteFilters;

namespace Sidecar.Tests.Oracle;

/// <summary>A filter as a user writes one: adds a number that grows by one with each byte.</summary>
public sealed class CountUp : TransformFilter
{
    public override string Name => "test-count-up";

    public override IReadOnlyList<TransformParameter> Parameters { get; } = [TransformParameter.Number("a start", byte.MaxValue)];

    public override ByteTransform Create(IReadOnlyList<TransformArgument> arguments) => new Counting(arguments[0].Value, 1);

    public override ByteTransform CreateInverse(IReadOnlyList<TransformArgument> arguments) => new Counting(arguments[0].Value, -1);

    private sealed class Counting(int start, int sign) : ByteTransform
    {
        private int _next = start;

        public override void Apply(Span<byte> bytes)
        {
            foreach (ref var value in bytes)
                value = (byte)(value + (sign * _next++));
        }
    }
}
