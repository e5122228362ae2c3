using Oracle.Protocol.Expressions;
using Xunit;

namespace Sidecar.Tests.Protocol.Expressions;

public sealed class TransformLanguageTests
{
    [Fact]
    public void Define_Names_StandForTheirTextsInAnyOrder()
    {
        var language = Define(("twice", "(chain scramble scramble)"), ("scramble", "(chain (xor 42) (rotl 3))"), ("back", "(inverse scramble)"));

        Assert.Equal("(chain (xor 42) (rotl 3) (xor 42) (rotl 3) not)", language.Parse("(chain twice not)").Text);
        Assert.Equal("(chain (rotr 3) (xor 42))", language.Parse("back").Text);
        Assert.Throws<TransformSyntaxException>(() => TransformExpression.Parse("twice"));
    }

    [Fact]
    public void Define_WhatUsesItself_IsRefused() =>
        Assert.Equal("a: it stands for itself, by way of a, b, c", Refused(("a", "(chain b not)"), ("b", "c"), ("c", "(inverse a)")));

    [Theory]
    [InlineData("xor", "xor: the language has this word already")]
    [InlineData("chain", "chain: the language has this word already")]
    [InlineData("Scramble", "Scramble: a name has 1 to 64 lower-case letters, digits and hyphens, a letter first")]
    [InlineData("1st", "1st: a name has 1 to 64 lower-case letters, digits and hyphens, a letter first")]
    [InlineData("", ": a name has 1 to 64 lower-case letters, digits and hyphens, a letter first")]
    public void Define_AWordThatIsNoName_IsRefused(string name, string message) => Assert.Equal(message, Refused((name, "not")));

    [Fact]
    public void Define_NonsenseInAnotherName_NamesThatOne() =>
        Assert.Equal("b: 1:6: a byte 0..255 expected, got 300", Refused(("a", "(chain b)"), ("b", "(xor 300)")));

    [Fact]
    public void Define_NamesThatDoubleEachOther_AreBounded()
    {
        var doubling = Enumerable.Range(1, 40).Select(i => ($"n{i}", $"(chain n{i - 1} n{i - 1})")).Prepend(("n0", "not")).ToArray();
        Assert.Contains("at most 256 steps expected", Refused(doubling), StringComparison.Ordinal);
    }

    [Fact]
    public void Define_TooManyNames_IsRefused()
    {
        var names = Enumerable.Range(0, TransformLanguage.MaxDefinitions + 1).Select(i => ($"n{i}", "not")).ToArray();
        Assert.Equal("at most 256 names expected, got 257", Refused(names));
    }

    // Each name stands for the next: as deep as definitions can lead.
    [Fact]
    public void Define_ALongLine_IsFollowed()
    {
        const int last = TransformLanguage.MaxDefinitions - 1;
        var line = Enumerable.Range(0, last).Select(i => ($"n{i}", $"n{i + 1}")).Append(($"n{last}", "(xor 1)")).ToArray();
        Assert.Equal("(xor 1)", Define(line).Parse("n0").Text);
    }

    private static TransformLanguage Define(params (string Name, string Text)[] texts) =>
        TransformLanguage.Default.Define(texts.ToDictionary(t => t.Name, t => t.Text));

    private static string Refused(params (string Name, string Text)[] texts) => Assert.Throws<FormatException>(() => Define(texts)).Message;
}
