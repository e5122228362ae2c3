using ByteFilters;

namespace Sidecar.Tests.Transform;

/// <summary>
/// A user's filter that fails: <c>(grumble start)</c> and <c>(grumble start-inverse)</c> when a connection begins,
/// <c>(grumble bang)</c> and <c>(grumble bang-inverse)</c> at the byte '!', <c>(grumble arguments)</c> when it is asked
/// about its arguments. Until then bytes pass as they are.
/// </summary>
public sealed class GrumblingFilter : TransformFilter
{
    public override string Name => "grumble";

    public override IReadOnlyList<TransformParameter> Parameters { get; } =
        [TransformParameter.Word("start", "start-inverse", "bang", "bang-inverse", "arguments")];

    public override string? Refuse(IReadOnlyList<TransformArgument> arguments) =>
        arguments[0].Text == "arguments" ? throw new InvalidOperationException("grumbles at arguments") : null;

    public override ByteTransform Create(IReadOnlyList<TransformArgument> arguments) => Start(arguments[0].Text, "");

    public override ByteTransform CreateInverse(IReadOnlyList<TransformArgument> arguments) => Start(arguments[0].Text, "-inverse");

    private static Applied Start(string when, string direction) =>
        when == "start" + direction ? throw new InvalidOperationException("grumbles at the start") : new Applied(when == "bang" + direction);

    private sealed class Applied(bool grumbles) : ByteTransform
    {
        public override void Apply(Span<byte> bytes)
        {
            if (grumbles && bytes.Contains((byte)'!'))
                throw new InvalidOperationException("grumbles at a bang");
        }
    }
}
