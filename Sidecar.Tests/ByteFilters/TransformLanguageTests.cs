using ByteFilters;
using Sidecar.Tests.Oracle;
using Xunit;

namespace Sidecar.Tests.ByteFilters;

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
        Assert.Equal("a: it refers to itself, by way of a, b, c", Refused(("a", "(chain b not)"), ("b", "c"), ("c", "(inverse a)")));

    // Those that are done, and those that only lead to the circle, are not of it.
    [Fact]
    public void Define_WhatUsesItselfBehindOthers_NamesTheCircleAlone()
    {
        var error = Refusal(("user", "(chain a not)"), ("a", "(chain lone b)"), ("b", "(chain lone a)"), ("lone", "not"));
        Assert.Equal(("a", "a: it refers to itself, by way of a, b"), (error.Name, error.Message));
    }

    [Fact]
    public void Define_ANameInAnotherCase_IsAnotherName()
    {
        var texts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["scramble"] = "not", ["twice"] = "(chain Scramble not)" };
        var error = Assert.Throws<DefinitionException>(() => TransformLanguage.Default.Define(texts));
        Assert.Equal(("twice", "twice: 1:8: an expression expected, got Scramble"), (error.Name, error.Message));
    }

    // On a stack smaller than that of a pool's thread: what is too deep must not end the process.
    [Theory]
    [InlineData(31, "at most 1024 nested names and parentheses expected")]
    [InlineData(2, null)]
    public void Define_NamesAndParenthesesWithinOneAnother_AreBounded(int parentheses, string? refusal)
    {
        const int last = TransformLanguage.MaxDefinitions - 1;
        var texts = Enumerable.Range(0, last).Select(i => ($"n{i}", string.Concat(Enumerable.Repeat("(chain ", parentheses)) + $"n{i + 1}" + new string(')', parentheses)))
            .Append(($"n{last}", "(xor 1)")).ToArray();
        var result = "";
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = Define(texts).Parse("n0").Text;
                }
                catch (FormatException error)
                {
                    result = error.Message;
                }
            },
            maxStackSize: 1024 * 1024);
        thread.Start();
        thread.Join();
        Assert.Contains(refusal ?? "(xor 1)", result, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NamesThatStandForMoreThanCanBeReadBack_AreRefused()
    {
        var table = $"(table \"{Convert.ToHexStringLower([.. Enumerable.Range(0, 256).Select(i => (byte)(i ^ 1))])}\")";
        var language = Define(("t", table), ("two", "(chain t t)"));
        // 522 characters each, and (chain ) with the blanks between.
        var longest = language.Parse($"(chain {string.Concat(Enumerable.Repeat("t ", 31))})");
        Assert.Equal(longest, TransformExpression.Parse(longest.Text));
        Assert.Equal("1:1: a canonical form of at most 16384 characters expected, got 16743",
            Assert.Throws<TransformSyntaxException>(() => language.Parse($"(chain {string.Concat(Enumerable.Repeat("two ", 16))})")).Message);
    }

    [Fact]
    public void Reserving_AWord_KeepsItFromNamesAndFilters()
    {
        var language = TransformLanguage.Default.Reserving("taken").Reserving("rolling-xor");
        foreach (var reserved in new[] { language, language.Define(new Dictionary<string, string>()), language.With([new CountUp()]) })
        {
            Assert.Equal("taken: the language has this word already",
                Assert.Throws<DefinitionException>(() => reserved.Define(new Dictionary<string, string> { ["taken"] = "not" })).Message);
            Assert.Equal("rolling-xor: the language has this word already",
                Assert.Throws<FormatException>(() => reserved.With([new RollingXor.RollingXorFilter()])).Message);
        }
    }

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
        Assert.Equal("n256: at most 256 names expected, got 257", Refused(names));
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

    private static string Refused(params (string Name, string Text)[] texts) => Refusal(texts).Message;

    private static DefinitionException Refusal(params (string Name, string Text)[] texts) => Assert.Throws<DefinitionException>(() => Define(texts));
}
