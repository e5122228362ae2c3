using ByteFilters;
using Demo.Verification;
using FsCheck;
using FsCheck.Fluent;
using Testing;
using Xunit;

namespace Workload.Tests.Demo;

/// <summary>The demo undoes transforms by code of its own: it must agree with what the language means.</summary>
public sealed class RestoringTests
{
    private static readonly byte[] Plain = [.. Enumerable.Range(0, 600).Select(i => (byte)(i * 11))];

    [Theory]
    [InlineData("idt")]
    [InlineData("not")]
    [InlineData("(xor 42)")]
    [InlineData("(chain (add 7) (sub 200) (rotl 3) (rotr 7) (rotl 0))")]
    [InlineData("(chain (add 7) (xor-key \"0b5ad5\") not)")]
    public void Restore_OfWhatALanguageOfItsOwnMade_GivesItBack(string text)
    {
        var transform = TransformExpression.Parse(text);
        Assert.Equal(Plain, transform.Restore(Reference.Apply(transform, Plain)));
        Assert.Equal(text == "idt", transform.ChangesNothing());
    }

    [Fact]
    public void Restore_OfAnyTable_GivesItBack() => Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var table = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        new Random(seed).Shuffle(table);
        var transform = TransformExpression.Parse($"(chain (table \"{Convert.ToHexString(table)}\") (xor 1))");
        return transform.Restore(Reference.Apply(transform, Plain)).SequenceEqual(Plain);
    }));

    [Fact]
    public void Restore_OfWhatItCannotUndo_SaysSo() =>
        Assert.Throws<NotSupportedException>(() => TransformExpression.Parse("(reverse-bits)").Restore([1]));
}
