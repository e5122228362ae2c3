using ByteFilters;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Transform;
using Sidecar.Transform.Kernels;
using Testing;
using Xunit;

namespace Sidecar.Tests.Transform;

public sealed class CompiledTransformTests
{
    // Longer than every kernel's vectors, and than the longest key's written-out pattern.
    private const int Length = 7000;

    public static TheoryData<string> Kernels => [.. Kernel.All.Select(k => k.Name)];

    [Fact]
    public void Compile_AnyExpression_DoesWhatItMeansHoweverTheBytesAreCut() => Check.QuickThrowOnFailure(Prop.ForAll(
        RandomExpressions.Any, Gen.Choose(0, int.MaxValue).ToArbitrary(), (expression, seed) =>
        {
            var plain = Random(seed);
            var bytes = (byte[])plain.Clone();
            ApplyInChunks(CompiledTransform.Compile(expression), bytes, seed);
            Assert.Equal(Reference.Apply(expression, plain), bytes);
            ApplyInChunks(CompiledTransform.Compile(expression.Inverse()), bytes, seed + 1);
            Assert.Equal(plain, bytes);
        }));

    [Fact]
    public void Compile_OneStepAfterTheOther_IsTheSameAsTheWhole() => Check.QuickThrowOnFailure(Prop.ForAll(RandomExpressions.Any, expression =>
    {
        var (fused, unfused) = (Random(1), Random(1));
        CompiledTransform.Compile(expression).Start().Apply(fused);
        foreach (var step in expression.Steps)
            CompiledTransform.Compile(TransformExpression.Parse(step.Text)).Start().Apply(unfused);
        return fused.AsSpan().SequenceEqual(unfused);
    }));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernel_OnWhateverItFits_IsTheScalarDefinition(string name)
    {
        var kernel = Kernel.All.Single(k => k.Name == name);
        Assert.SkipUnless(kernel.IsSupported, $"this processor has no {kernel.Feature}");
        var fitted = 0;
        var random = Random(1);
        Check.QuickThrowOnFailure(Prop.ForAll(Permutations, permutation =>
        {
            if (!kernel.Fits(permutation))
                return;
            fitted++;
            // Around the widths of all vectors, at every alignment.
            for (var length = 0; length <= 300; length++)
            {
                var buffer = random.AsSpan(length, length + 70).ToArray();
                var offset = length % 67;
                var expected = buffer.ToArray();
                foreach (ref var b in expected.AsSpan(offset, length))
                    b = permutation.Table[b];
                kernel.Create(permutation).Apply(buffer.AsSpan(offset, length));
                Assert.Equal(expected, buffer);
            }
        }));
        Assert.True(fitted > 5, $"{fitted}");
    }

    [Theory]
    [InlineData("idt", "")]
    [InlineData("(chain (xor 42) (xor 42))", "")]
    [InlineData("(chain (add 3) (rotl 5) (inverse (chain (add 3) (rotl 5))))", "")]
    [InlineData("(chain (xor-key \"0102\") (xor-key \"0102\"))", "")]
    [InlineData("(chain not (xor-key \"0102\") (add 1) (inverse (chain not (xor-key \"0102\") (add 1))))", "")]
    [InlineData("(chain (xor 1) not (xor 3))", "xor 253")]
    [InlineData("(chain (add 200) (add 100))", "add 44")]
    [InlineData("(chain (rotl 3) (xor 7) (reverse-bits))", "affine")]
    [InlineData("(chain (xor 1) (add 1))", "table")]
    [InlineData("(chain (xor 1) (add 1) (xor-key \"ff\") (sub 1) (xor 1))", "table")]
    [InlineData("(chain (xor-key \"0101\") (xor-key \"02\"))", "xor 3")]
    [InlineData("(xor-key \"010201020102\")", "key of 2 bytes")]
    [InlineData("(chain (xor-key \"0102\") (xor-key \"030405\"))", "key of 6 bytes")]
    [InlineData("(chain (xor-key \"0102\") (add 1) (xor-key \"030405\"))", "key of 2 bytes, add 1, key of 3 bytes")]
    // What both come to has one value for each byte again, and joins what stands before.
    [InlineData("(chain (add 1) (xor-key \"0102\") (xor-key \"0003\") (xor 1))", "add 1")]
    [InlineData("(chain (add 1) (xor-key \"0102\") (xor-key \"0201\") (xor 3) (sub 1))", "")]
    public void Compile_WhatCancels_CostsNothing(string text, string parts) =>
        Assert.Equal(parts, string.Join(", ", CompiledTransform.Compile(TransformExpression.Parse(text)).Parts.Select(p => p.Does)));

    [Fact]
    public void Compile_AnExpressionAndItsInverse_LeavesNothing() => Check.QuickThrowOnFailure(Prop.ForAll(RandomExpressions.Any, expression =>
        expression.Steps.Count > TransformLanguage.MaxSteps / 2
        || CompiledTransform.Compile(TransformExpression.Parse($"(chain {expression.Text} (inverse {expression.Text}))")).Parts.Count == 0));

    [Theory]
    // Least common multiple of the lengths: 1,024 is written out as one key, more is not.
    [InlineData(1024, 512, "key of 1024 bytes")]
    [InlineData(32, 31, "key of 992 bytes")]
    [InlineData(33, 32, "key of 33 bytes, key of 32 bytes")]
    public void Compile_NeighbouringKeys_AreFoldedUpToTheLongestKey(int first, int second, string parts)
    {
        var expression = TransformExpression.Parse($"(chain (xor-key \"{Convert.ToHexString(Random(1)[..first])}\") (xor-key \"{Convert.ToHexString(Random(2)[..second])}\"))");
        var compiled = CompiledTransform.Compile(expression);
        Assert.Equal(parts, string.Join(", ", compiled.Parts.Select(p => p.Does)));
        var bytes = Random(3);
        ApplyInChunks(compiled, bytes, 4);
        Assert.Equal(Reference.Apply(expression, Random(3)), bytes);
    }

    [Theory]
    [InlineData("(xor 42)")]
    [InlineData("(chain (rotl 3) (reverse-bits))")]
    [InlineData("(chain (xor 1) (add 1))")]
    [InlineData("(xor-key \"0102\")")]
    [InlineData("(keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\")")]
    [InlineData("(chain (xor-key \"0102\") (add 1) (keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\") (rotl 1))")]
    public void Apply_OfAChunk_AllocatesNothing(string text)
    {
        var (transform, bytes) = (CompiledTransform.Compile(TransformExpression.Parse(text)).Start(), new byte[100_000]);
        transform.Apply(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
            transform.Apply(bytes);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Arbitrary<Permutation> Permutations => Gen.OneOf(
        Gen.Choose(0, 255).Select(n => Permutation.Of(b => (byte)(b ^ n))),
        Gen.Choose(0, 255).Select(n => Permutation.Of(b => (byte)(b + n))),
        RandomExpressions.Plain.Generator.Select(e => e.AsPermutation()!),
        Gen.Constant(TransformExpression.Parse("(chain (rotl 3) (reverse-bits) (xor 9))").AsPermutation()!)).ToArbitrary();

    private static byte[] Random(int seed)
    {
        var bytes = new byte[Length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void ApplyInChunks(CompiledTransform compiled, Span<byte> bytes, int seed)
    {
        var (random, transform) = (new Random(seed), compiled.Start());
        while (bytes.Length > 0)
        {
            var length = Math.Min(bytes.Length, random.Next(4) switch { 0 => 1, 1 => random.Next(70), 2 => random.Next(700), _ => random.Next(5000) });
            transform.Apply(bytes[..length]);
            bytes = bytes[length..];
        }
    }
}
