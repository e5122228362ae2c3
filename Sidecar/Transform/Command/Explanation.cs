using System.Globalization;
using System.Text;
using ByteFilters;

namespace Sidecar.Transform.Command;

/// <summary>The output of <c>--explain</c>.</summary>
internal static class Explanation
{
    private const int BufferSize = 64 * 1024;

    public static string Of(TransformExpression expression)
    {
        var compiled = CompiledTransform.Compile(expression);
        var text = new StringBuilder();
        Line("canonical", expression.Shown);
        Line("inverse", expression.Inverse().Shown);
        Line("wire v1", expression.WireForm ?? "cannot say it");
        Line("comes to", compiled.Parts.Count == 0 ? "nothing" : string.Join(", then ", compiled.Parts.Select(part => part.Does)));
        Line("kernel", compiled.Parts.Count == 0 ? "none" : string.Join(", ", compiled.Parts.Select(part => part.Kernel)));
        Line("speed", compiled.Parts.Count == 0 ? "costs nothing" : Speed(compiled.Start()));
        return text.ToString();

        void Line(string name, string value) => text.AppendLine($"{name + ":",-11}{value}");
    }

    private static string Speed(ByteTransform transform)
    {
        var (bytes, target) = (new byte[BufferSize], new byte[BufferSize]);
        var best = new SpeedMeter(TimeProvider.System).Best(BufferSize, () => transform.Apply(bytes), () => bytes.AsSpan().CopyTo(target));
        return $"{Gigabytes(best[0])} on one core, {BufferSize / 1024} KB at a time; copying: {Gigabytes(best[1])}";
    }

    private static string Gigabytes(double bytesPerSecond) => $"{(bytesPerSecond / 1e9).ToString(bytesPerSecond < 1e9 ? "F2" : "F1", CultureInfo.InvariantCulture)} GB/s";
}
