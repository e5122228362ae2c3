using Chassis;
using Chassis.Settings;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class YamlSourceTests
{
    [Theory]
    [InlineData("a:\n\tb: 1\n", "f:2: a tab stands before the first word")]
    [InlineData("a:\n  - b: 1\n\tc: 2\n", "f:3: a tab stands before the first word")]
    [InlineData("a: 1\nb:\n  c: 1\n  \td: 2\n", "f:4: a tab stands before the first word")]
    public void Read_ATabInTheIndentation_NamesItsLine(string yaml, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<UsageException>(() => YamlSource.Read(new StringReader(yaml), "f")).Message, StringComparison.Ordinal);

    [Fact]
    public void ReadFile_OfAFolder_SaysSo() =>
        Assert.Equal("--config '/': this is a folder, and a file is expected", Assert.Throws<UsageException>(() => YamlSource.ReadFile("/", "--config")).Message);

    // Each takes milliseconds, or as good as for ever.
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(5);

    [Fact]
    public void Read_Nested_FlattensWithLines()
    {
        var settings = YamlSource.Read(new StringReader("""
            # a comment
            metrics:
              address: :9101
            list:
              - a
              - b: 1
            """), "f.yml");
        Assert.Equal(
            ["metrics.address=:9101 (f.yml:3: metrics.address)", "list.0=a (f.yml:5: list.0)", "list.1.b=1 (f.yml:6: list.1.b)"],
            settings.Select(s => $"{s.Key}={s.Value} ({s.Origin})"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    public void Read_Nothing_HasNoSettings(string text) => Assert.Empty(YamlSource.Read(new StringReader(text), "f"));

    [Theory]
    [InlineData("a:\n", "f:1: a: a value is missing; leave the key out if none is meant")]
    [InlineData("x: 1\na:\n  b: []\n", "f:3: a.b: a value is missing")]
    [InlineData("x: 1\na: {}\n", "f:2: a: a value is missing")]
    [InlineData("a: [1, '']\n", "f:1: a.1: a value is missing")]
    public void Read_EmptyValue_NamesLineAndKey(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<UsageException>(() => Load(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("- a\n", "f:1: a mapping of keys")]
    [InlineData("word", "f:1: a mapping of keys")]
    [InlineData("a: 1\n b: 2\n", "f:2: ")]
    [InlineData("a: 1\na: 2\n", "f:2: Duplicate key a")]
    [InlineData("a: 1\n---\nb: 2\n", "f:2: only one YAML document")]
    [InlineData("a: 1\nb: [1,\n2\n", "f:2: the text from here on is not YAML")]
    [InlineData("a: 1\n? [b]\n: 2\n", "f:2: a key must be a word, not a list, a mapping or an alias")]
    [InlineData("a: 1\n? {b: c}\n: 2\n", "f:2: a key must be a word")]
    [InlineData("a: &a 1\n*a : 2\n", "f:2: a key must be a word")]
    [InlineData("a: &a {? *a : b}\n", "f:1: a key must be a word")]
    [InlineData("a: 1\nA: 2\n", "f:2: Duplicate key A")]
    [InlineData(": 1\n", "f:1: a key is missing before the colon")]
    [InlineData("x: 1\na: *b\n", "f:2: there is no anchor &b above")]
    [InlineData("a: &a [*a]\n", "f:1: a.0.0")]
    [InlineData("a: *a\nb: &a 1\n", "f:1: there is no anchor &a above")]
    public void Read_Broken_NamesTheLine(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<UsageException>(() => Load(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_Aliases_StandForTheNearestAnchorAbove() =>
        Assert.Equal(
            ["a.x=1", "a.y=2", "b=1", "c.x=1", "c.y=2", "d=3", "e.0=3", "e.1=3"],
            YamlSource.Read(new StringReader("a: &m\n  x: &v 1\n  y: 2\nb: *v\nc: *m\nd: &v 3\ne: [*v, *v]\n"), "f").Select(s => $"{s.Key}={s.Value}"));

    [Theory]
    [InlineData(6, 9, "? *a5\n: v\n")]
    [InlineData(12, 9, "? *a11\n: v\n")]
    [InlineData(12, 9, "b: *a11\n")]
    [InlineData(15, 2, "b: *a14\n")]
    public void Read_AliasesThatMultiply_AreRefusedInTime(int levels, int width, string last)
    {
        var text = "a0: &a0 [x,x]\n" + string.Concat(Enumerable.Range(1, levels - 1).Select(i =>
            $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", width))}]\n")) + last;
        RefusesInTime(text);
    }

    [Fact]
    public void Read_OversizedShapes_AreRefusedInTime()
    {
        RefusesInTime("a: " + new string('[', 5000));
        RefusesInTime(string.Concat(Enumerable.Repeat("- ", 5000)));
        RefusesInTime(string.Concat(Enumerable.Repeat("---\n", 200_000)));
        RefusesInTime("? " + new string('x', 1_000_000) + "\n: v\n");
        RefusesInTime("a: [" + string.Concat(Enumerable.Repeat("x,", 400_000)) + "]\n");
        RefusesInTime("a: {" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"k{i}: [],")) + "}\n");
        RefusesInTime(string.Concat(Enumerable.Range(0, 60_000).Select(i => $"k{i}: &a{i} x\n")));
    }

    [Fact]
    public void Read_AsManyValuesAsThereMayBe_AreLaidOverEachOtherInTime()
    {
        var text = string.Concat(Enumerable.Range(0, 19_000).Select(i => $"k{i}: v\n"));
        var started = TimeProvider.System.GetTimestamp();
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader(text), "f")).Add([new Setting("k5", "w", "--k5")]);
        Assert.Equal("w", settings.Find("k5")!.Value);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < InTime);
    }

    [Fact]
    public void Read_RandomTokens_EndsInSettingsOrOneLine()
    {
        const int seed = 20260105;
        var random = new Random(seed);
        string[] tokens = ["a:", " ", "\n", "\n  ", "- ", "[", "]", "{", "}", ",", "'", "\"", "&a", "*a", "!t", "|", ">", "%", "---", "...", "?", ": ", "#", "\t", "\0", "\\", "<<", "@", "1"];
        for (var round = 0; round < Rounds.Of(20_000); round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => tokens[random.Next(tokens.Length)]));
            var error = Record.Exception(() => Load(text));
            Assert.True(error is null || (error is UsageException && !error.Message.Contains('\n')), $"seed {seed}, round {round}: {text}\n{error}");
        }
    }

    private static void RefusesInTime(string text)
    {
        var started = TimeProvider.System.GetTimestamp();
        Assert.Throws<UsageException>(() => Load(text));
        Assert.True(TimeProvider.System.GetElapsedTime(started) < InTime);
    }

    [Fact]
    public void ReadFile_NoConfiguration_NamesOptionFileAndReason()
    {
        using var folder = new TempFolder();
        var large = folder.Write("large.yml", new string('#', (1 << 20) + 1));
        Assert.Equal($"--config '{large}': larger than 1 MiB; this is not a configuration file", Error(large));
        Assert.StartsWith($"--config '{folder.File("none.yml")}': Could not find file", Error(folder.File("none.yml")), StringComparison.Ordinal);
        // A device says nothing of its length and never ends.
        Assert.StartsWith("--config '/dev/zero': larger", Error("/dev/zero"), StringComparison.Ordinal);
        Assert.StartsWith("--config '/': ", Error("/"), StringComparison.Ordinal);

        static string Error(string path) => Assert.Throws<UsageException>(() => YamlSource.ReadFile(path, "--config")).Message;
    }

    private static void Load(string text) => new SettingSet().Add(YamlSource.Read(new StringReader(text), "f")).ThrowErrors();
}
