using System.Text;
using Oracle.Protocol.Expressions;

namespace Sidecar.Transform.Command;

/// <summary>What <c>--explain</c> prints.</summary>
internal static class Explanation
{
    private const int BufferSize = 64 * 1024;

    // Of several rounds the fastest is the one that nothing else disturbed.
    private const int Rounds = 5;
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(40);

    public static string Of(TransformExpression expression)
    {
        var compiled = CompiledTransform.Compile(expression);
        var text = new StringBuilder();
        Line("canonical", expression.Shown);
        Line("inverse", expression.Inverse().Shown);
        Line("wire v1", expression.WireForm ?? "cannot say it");
        Line("comes to", compiled.Parts.Count == 0 ? "nothing" : string.Join(", then ", compiled.Parts.Select(part => part.Does)));
        Line("kernel", compiled.Parts.Count == 0 ? "none" : string.Join(", ", compiled.Parts.Select(part => part.Kernel)));
        var (bytes, target) = (new byte[BufferSize], new byte[BufferSize]);
        var transform = compiled.Start();
        var copying = BytesPerSecond(() => bytes.AsSpan().CopyTo(target));
        if (compiled.Parts.Count == 0)
        {
            Line("speed", "costs nothing");
        }
        else
        {
            var speed = BytesPerSecond(() => transform.Apply(bytes));
            Line("speed", $"{speed / 1e9:F1} GB/s on one core, {BufferSize / 1024} KB at a time; copying: {copying / 1e9:F1} GB/s");
        }

        return text.ToString();

        void Line(string name, string value) => text.AppendLine($"{name + ":",-11}{value}");
    }

    private static double BytesPerSecond(Action once) => Enumerable.Range(0, Rounds).Max(_ =>
    {
        var started = TimeProvider.System.GetTimestamp();
        long times = 0;
        TimeSpan took;
        do
        {
            once();
            times++;
            took = TimeProvider.System.GetElapsedTime(started);
        }
        while (took < RoundTime);
        return times * BufferSize / took.TotalSeconds;
    });
}
