using ByteFilters;
using FsCheck;
using FsCheck.Fluent;
using Oracle.Protocol;
using Sidecar.Tests.Transform;
using Testing;
using Xunit;

namespace Sidecar.Tests.ByteFilters;

public sealed class TransformExpressionTests
{
    private static readonly string Reversed = Convert.ToHexStringLower([.. Enumerable.Range(0, 256).Select(i => (byte)(255 - i))]);

    [Theory]
    [InlineData("idt", "idt")]
    [InlineData("not", "not")]
    [InlineData("xor 42", "(xor 42)")]
    [InlineData("(xor 42)", "(xor 42)")]
    [InlineData("(xor 0x2A)", "(xor 42)")]
    [InlineData("(not)", "not")]
    [InlineData("(idt)", "idt")]
    [InlineData("swap-nibbles", "(swap-nibbles)")]
    [InlineData("(rotl 0)", "(rotl 0)")]
    [InlineData("(chain)", "idt")]
    [InlineData("(chain idt (chain idt))", "idt")]
    [InlineData("(chain (xor 1))", "(xor 1)")]
    [InlineData("(chain (xor 1) (chain not (add 2)) idt)", "(chain (xor 1) not (add 2))")]
    [InlineData("(inverse (chain (add 1) (rotl 3) not))", "(chain not (rotr 3) (sub 1))")]
    [InlineData("(inverse (inverse (sub 9)))", "(sub 9)")]
    [InlineData("(affine \"0102040810204080\" 0xff)", "(affine \"0102040810204080\" 255)")]
    [InlineData("(xor-key \"AbCd\")", "(xor-key \"abcd\")")]
    [InlineData(" ; first\n\t( ; a step\r\n xor\n 42 )\n; last", "(xor 42)")]
    [InlineData("(xor 1);", "(xor 1)")]
    public void Parse_WhateverItsForm_GivesTheCanonicalOne(string text, string canonical) =>
        Assert.Equal(canonical, TransformExpression.Parse(text).Text);

    [Theory]
    [InlineData("(xor 300)", "1:6: a byte 0..255 expected, got 300")]
    [InlineData("(xor -1)", "1:6: a byte 0..255 expected, got -1")]
    [InlineData("(xor 0x)", "1:6: a byte 0..255 expected, got 0x")]
    [InlineData("(xor +1)", "1:6: a byte 0..255 expected, got +1")]
    [InlineData("(xor 99999999999)", "1:6: a byte 0..255 expected, got 99999999999")]
    [InlineData("(xor)", "1:5: a byte 0..255 expected, got )")]
    [InlineData("(xor 1 2)", "1:8: a closing parenthesis expected, got 2")]
    [InlineData("(xor \"2a\")", "1:6: a byte 0..255 expected, got \"2a\"")]
    [InlineData("xor", "1:4: a byte 0..255 expected, got the end")]
    [InlineData("xor 1 2", "1:7: the end expected, got 2")]
    [InlineData("xor (1)", "1:5: a byte 0..255 expected, got (")]
    [InlineData("", "1:1: an expression expected, got the end")]
    [InlineData("\n\n  ", "3:3: an expression expected, got the end")]
    [InlineData("; nothing", "1:10: an expression expected, got the end")]
    [InlineData("()", "1:2: an operator expected, got )")]
    [InlineData("((xor 1))", "1:2: an operator expected, got (")]
    [InlineData("(\"xor\" 1)", "1:2: an operator expected, got \"xor\"")]
    [InlineData("(frob 1)", "1:2: an operator expected, got frob")]
    [InlineData("frob", "1:1: an expression expected, got frob")]
    [InlineData("add", "1:1: an expression expected, got add")]
    [InlineData("XOR 1", "1:1: an expression expected, got XOR")]
    [InlineData("(xor 1", "1:7: a closing parenthesis expected, got the end")]
    [InlineData("(chain not", "1:11: an expression expected, got the end")]
    [InlineData("(chain\n  not\n  (rotl 8))", "3:9: a number of bits 0..7 expected, got 8")]
    [InlineData("not not", "1:5: the end expected, got not")]
    [InlineData("not)", "1:4: the end expected, got )")]
    [InlineData("(inverse)", "1:9: an expression expected, got )")]
    [InlineData("(inverse not not)", "1:14: a closing parenthesis expected, got not")]
    [InlineData("(xor-key \"\")", "1:10: a key of 2 to 2048 hex digits in quotes expected, got \"\"")]
    [InlineData("(xor-key \"abc\")", "1:10: a key of 2 to 2048 hex digits in quotes expected, got \"abc\"")]
    [InlineData("(xor-key \"gg\")", "1:10: a key of 2 to 2048 hex digits in quotes expected, got \"gg\"")]
    [InlineData("(xor-key ab)", "1:10: a key of 2 to 2048 hex digits in quotes expected, got ab")]
    [InlineData("(xor-key \"ab)", "1:10: a closing quote expected, got the end")]
    [InlineData("(affine \"0000000000000000\" 1)", "1:2: the matrix is singular, so nothing undoes it")]
    // Seven rows that are independent, and one that stands there twice.
    [InlineData("(affine \"0102040810204040\" 1)", "1:2: the matrix is singular, so nothing undoes it")]
    [InlineData("(affine \"01\" 1)", "1:9: a matrix of 16 hex digits in quotes expected, got \"01\"")]
    [InlineData("(table \"00\")", "1:8: a table of 512 hex digits in quotes expected, got \"00\"")]
    [InlineData("(keystream rc4 \"00\" \"00\")", "1:12: chacha20 expected, got rc4")]
    [InlineData("\u0001", "1:1: an expression expected, got ?")]
    public void Parse_Nonsense_NamesThePlaceAndWhatWasExpected(string text, string message) =>
        Assert.Equal(message, Assert.Throws<TransformSyntaxException>(() => TransformExpression.Parse(text)).Message);

    [Fact]
    public void Parse_ATableThatIsNoPermutation_IsRefused()
    {
        var twice = "00" + Reversed[2..];
        var error = Assert.Throws<TransformSyntaxException>(() => TransformExpression.Parse($"(table \"{twice}\")"));
        Assert.Equal("1:2: two bytes become the same value, so nothing undoes the table", error.Message);
        Assert.Equal($"(table \"{Reversed}\")", TransformExpression.Parse($"(table \"{Reversed.ToUpperInvariant()}\")").Text);
    }

    [Fact]
    public void Parse_BeyondTheBounds_IsRefused()
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat("(chain ", depth)) + "not" + new string(')', depth);
        string Steps(int count) => $"(chain {string.Concat(Enumerable.Repeat("not ", count))})";
        string Padded(int length) => "not".PadRight(length);

        Assert.Equal("not", TransformExpression.Parse(Nested(TransformLanguage.MaxDepth)).Text);
        Assert.Equal(TransformLanguage.MaxSteps, TransformExpression.Parse(Steps(TransformLanguage.MaxSteps)).Steps.Count);
        Assert.Equal("not", TransformExpression.Parse(Padded(TransformLanguage.MaxLength)).Text);
        foreach (var beyond in new[] { Nested(TransformLanguage.MaxDepth + 1), Nested(4000), Steps(TransformLanguage.MaxSteps + 1), Padded(TransformLanguage.MaxLength + 1) })
            Assert.Contains("at most", Assert.Throws<TransformSyntaxException>(() => TransformExpression.Parse(beyond)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_OfAnyExpression_IsReadBackTheSame() => Check.QuickThrowOnFailure(Prop.ForAll(RandomExpressions.Any, expression =>
    {
        var again = TransformExpression.Parse(expression.Text);
        return again.Equals(expression) && again.Text == expression.Text;
    }));

    [Fact]
    public void Inverse_OfTheInverse_MeansTheSame() => Check.QuickThrowOnFailure(Prop.ForAll(RandomExpressions.Any, expression =>
    {
        var bytes = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        return Reference.Apply(expression, bytes).SequenceEqual(Reference.Apply(expression.Inverse().Inverse(), bytes))
            && Reference.Apply(expression.Inverse(), Reference.Apply(expression, bytes)).SequenceEqual(bytes);
    }));

    [Fact]
    public void AsPermutation_OfAnyPlainExpression_IsWhatItsStepsMean() => Check.QuickThrowOnFailure(Prop.ForAll(RandomExpressions.Plain, expression =>
        Reference.Apply(expression, [.. Enumerable.Range(0, 256).Select(i => (byte)i)]).SequenceEqual(expression.AsPermutation()!.Table.ToArray())));

    [Theory]
    [InlineData("idt", "idt")]
    [InlineData("not", "not")]
    [InlineData("(xor 255)", "xor 255")]
    [InlineData("(xor 0)", "xor 0")]
    [InlineData("(chain (xor 3) (xor 3))", "idt")]
    [InlineData("(chain (xor 3) not)", "xor 252")]
    [InlineData("(chain (rotl 3) (xor 1) (rotr 3))", "xor 32")]
    [InlineData("(add 128)", "xor 128")]
    [InlineData("(add 1)", null)]
    [InlineData("(reverse-bits)", null)]
    [InlineData("(xor-key \"2a\")", null)]
    public void WireForm_IsWhatTheTransformComesTo(string text, string? wire) => Assert.Equal(wire, TransformExpression.Parse(text).WireForm);

    [Theory]
    [InlineData("(chain (xor 3) not)")]
    [InlineData("(xor 7)")]
    [InlineData("(add 1)")]
    public void WireForm_AskedAgain_CostsNothing(string text)
    {
        var expression = TransformExpression.Parse(text);
        _ = expression.WireForm;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            _ = new OracleAnswer(expression).FitsIn(OracleDialect.V1);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a(b")]
    [InlineData("\"a\"")]
    [InlineData("a;")]
    [InlineData("h\u00f6h")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123x")]
    public void Word_ThatCannotStandInAnExpression_IsRefused(string word)
    {
        Assert.Throws<ArgumentException>(() => TransformParameter.Word("fine", word));
        Assert.Throws<ArgumentException>(() => TransformParameter.Word());
    }

    [Theory]
    [InlineData("idt", "idt")]
    [InlineData("xor  42", "(xor 42)")]
    [InlineData("not", "not")]
    [InlineData("(xor 42)", null)]
    [InlineData("xor 256", null)]
    [InlineData("xor 0x1", null)]
    [InlineData("add 1", null)]
    [InlineData("", null)]
    public void ParseWireForm_TakesThreeWordsOnly(string text, string? canonical) =>
        Assert.Equal(canonical, TransformExpression.ParseWireForm(text)?.Text);
}
