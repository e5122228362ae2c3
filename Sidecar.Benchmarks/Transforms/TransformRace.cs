using ByteFilters;
using Sidecar.Benchmarks.Measures;
using Sidecar.Transform;
using Sidecar.Transform.Command;
using Sidecar.Transform.Kernels;

namespace Sidecar.Benchmarks.Transforms;

/// <summary>One row.</summary>
/// <param name="Name">What is done, short.</param>
/// <param name="Kernel">By which kernel.</param>
/// <param name="Required">The least ratio to copying; null where none is asked for.</param>
/// <param name="Transform">What runs.</param>
internal sealed record TransformEntrant(string Name, string Kernel, double? Required, ByteTransform Transform);

/// <summary>What a row came to.</summary>
/// <param name="Entrant">The row.</param>
/// <param name="BytesPerSecond">Median of the rounds.</param>
/// <param name="Ratio">To copying in turns with it, over the rounds.</param>
internal sealed record TransformResult(TransformEntrant Entrant, double BytesPerSecond, Spread Ratio);

/// <summary>Runs every kernel that this machine has, in rounds, each in turns with copying.</summary>
internal static class TransformRace
{
    public const int BufferSize = 64 * 1024;

    private const int MaxShown = 70;

    private static readonly string Table = TableText();

    public static IReadOnlyList<TransformResult> Run(int rounds, CancellationToken cancellation)
    {
        var (source, target) = (new byte[BufferSize], new byte[BufferSize]);
        new Random(1).NextBytes(source);
        var entrants = Entrants();
        var figures = entrants.ToDictionary(e => e, _ => new List<(double Rate, double Ratio)>());
        var meter = new SpeedMeter(TimeProvider.System);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var entrant in entrants)
            {
                cancellation.ThrowIfCancellationRequested();
                var best = meter.Best(BufferSize, () => entrant.Transform.Apply(source), () => source.AsSpan().CopyTo(target));
                figures[entrant].Add((best[0], best[0] / best[1]));
            }
        }

        return [.. entrants.Select(e => new TransformResult(e, Spread.Over(figures[e].Select(f => f.Rate))!.Value.Median, Spread.Over(figures[e].Select(f => f.Ratio))!.Value))];
    }

    private static List<TransformEntrant> Entrants()
    {
        List<TransformEntrant> entrants = [];
        Add("(xor 42)", "xor", 0.7);
        Add("(add 7)", "add", null);
        foreach (var affine in Kernel.All.Where(k => k.IsSupported && k.Name.StartsWith("gfni", StringComparison.Ordinal) | k.Name.EndsWith("affine", StringComparison.Ordinal)))
            Add("(chain (rotl 3) (reverse-bits))", affine.Name, affine == Chosen("(chain (rotl 3) (reverse-bits))") ? 0.7 : null);
        foreach (var table in Kernel.All.Where(k => k.IsSupported && k.Name is "vbmi" or "avx2-table" or "vector128-table" or "scalar"))
            Add(Table, table.Name, table.Name switch { "vbmi" => 0.4, "avx2-table" => 0.12, _ => null });
        Add("(chain (xor 42) (add 1) (rotl 3) (xor 7) (add 9) (rotr 1) (xor 1) (add 3) (rotl 2) not)", null, null);
        Add("(xor-key \"00112233445566\")", null, 0.5);
        Add("(chain (xor 42) (xor-key \"0011223344556677\") (add 3))", null, null);
        foreach (var kernel in ChaCha20Kernel.All.Where(k => k.IsSupported))
            entrants.Add(new TransformEntrant("(keystream chacha20 …)", kernel.Name, null, new ChaCha20Transform(new byte[32], new byte[12], kernel)));
        return entrants;

        void Add(string text, string? kernel, double? required)
        {
            var compiled = CompiledTransform.Compile(TransformExpression.Parse(text), p => kernel is null ? Kernel.For(p) : Kernel.All.Single(k => k.Name == kernel));
            entrants.Add(new TransformEntrant(text.Length <= MaxShown ? text : $"{text[..text.IndexOf(' ', StringComparison.Ordinal)]} …)", string.Join(", ", compiled.Parts.Select(p => p.Kernel)), required, compiled.Start()));
        }
    }

    private static Kernel Chosen(string text) => Kernel.For(TransformExpression.Parse(text).AsPermutation()!);

    private static string TableText()
    {
        var table = Enumerable.Range(0, Permutation.Size).Select(i => (byte)i).ToArray();
        new Random(2).Shuffle(table);
        return $"(table \"{Convert.ToHexString(table)}\")";
    }
}
