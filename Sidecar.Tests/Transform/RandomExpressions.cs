using ByteFilters;
using FsCheck;
using FsCheck.Fluent;

namespace Sidecar.Tests.Transform;

/// <summary>Expressions of every operator, with any arguments.</summary>
internal static class RandomExpressions
{
    private static readonly Gen<string> Bytes = Gen.Choose(0, 255).Select(value => $"{value}");
    private static readonly Gen<string> Bits = Gen.Choose(0, 7).Select(value => $"{value}");

    /// <summary>One step with an effect on a byte that does not depend on its position.</summary>
    public static readonly Gen<string> PlainStep = Gen.OneOf(
        Gen.Elements("idt", "not", "(swap-nibbles)", "(reverse-bits)"),
        Bytes.Select(n => $"(xor {n})"),
        Bytes.Select(n => $"(add {n})"),
        Bytes.Select(n => $"(sub {n})"),
        Bits.Select(n => $"(rotl {n})"),
        Bits.Select(n => $"(rotr {n})"),
        Seeds().SelectMany(_ => Bytes, (seed, n) => $"(affine \"{RandomMatrix(seed):x16}\" {n})"),
        Seeds().Select(seed => $"(table \"{Convert.ToHexString(RandomTable(seed))}\")"));

    /// <summary>One step of any kind.</summary>
    public static readonly Gen<string> Step = Gen.OneOf(
        PlainStep,
        PlainStep,
        Seeds().SelectMany(_ => Gen.Choose(1, 70), (seed, length) => $"(xor-key \"{Hex(seed, length)}\")"),
        Seeds().Select(seed => $"(keystream chacha20 \"{Hex(seed, 32)}\" \"{Hex(seed + 1, 12)}\")"));

    /// <summary>A chain of up to eight steps, some of them chains or inverses themselves.</summary>
    public static readonly Arbitrary<TransformExpression> Any = Chains(Step);

    /// <summary>The same of steps for which the place of a byte does not matter.</summary>
    public static readonly Arbitrary<TransformExpression> Plain = Chains(PlainStep);

    private static Arbitrary<TransformExpression> Chains(Gen<string> step)
    {
        var nested = Gen.OneOf(step, step, Chain(step), Chain(step).Select(text => $"(inverse {text})"));
        return Chain(nested).Select(TransformExpression.Parse).ToArbitrary();
    }

    private static Gen<string> Chain(Gen<string> step) =>
        Gen.Choose(0, 8).SelectMany(count => step.ArrayOf(count)).Select(steps => $"(chain {string.Join(' ', steps)})");

    private static Gen<int> Seeds() => Gen.Choose(0, int.MaxValue - 2);

    private static string Hex(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return Convert.ToHexString(bytes);
    }

    private static byte[] RandomTable(int seed)
    {
        var table = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        new Random(seed).Shuffle(table);
        return table;
    }

    private static ulong RandomMatrix(int seed)
    {
        var random = new Random(seed);
        while (true)
        {
            var matrix = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            if (Enumerable.Range(1, 255).All(value => Permutation.Multiply(matrix, (byte)value) != 0))
                return matrix;
        }
    }
}
