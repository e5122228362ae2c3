using Chassis;
using Chassis.Settings;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class YamlSourceTests
{
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
        Assert.StartsWith(expected, Assert.Throws<UsageException>(() => YamlSource.Read(new StringReader(text), "f")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("- a\n", "f:1: a mapping of keys")]
    [InlineData("word", "f:1: a mapping of keys")]
    [InlineData("a: 1\n b: 2\n", "f:2: ")]
    [InlineData("a: 1\na: 2\n", "f:2: Duplicate key a")]
    [InlineData("a: 1\n---\nb: 2\n", "f:3: one YAML document")]
    [InlineData("a: 1\nb: [1,\n2\n", "f:2: what follows is no YAML")]
    public void Read_Broken_NamesTheLine(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<UsageException>(() => YamlSource.Read(new StringReader(text), "f")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_RandomTokens_EndsInSettingsOrOneLine()
    {
        const int seed = 20260105;
        var random = new Random(seed);
        string[] tokens = ["a:", " ", "\n", "\n  ", "- ", "[", "]", "{", "}", ",", "'", "\"", "&a", "*a", "!t", "|", ">", "%", "---", "...", "?", ": ", "#", "\t", "\0", "\\", "<<", "@", "1"];
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => tokens[random.Next(tokens.Length)]));
            var error = Record.Exception(() => YamlSource.Read(new StringReader(text), "f"));
            Assert.True(error is null || (error is UsageException && !error.Message.Contains('\n')), $"seed {seed}, round {round}: {text}\n{error}");
        }
    }

    [Fact]
    public void ReadFile_NoConfiguration_NamesOptionFileAndReason()
    {
        using var folder = new TempFolder();
        var large = folder.Write("large.yml", new string('#', (1 << 20) + 1));
        Assert.Equal($"--config '{large}': larger than 1 MiB; this is no configuration file", Error(large));
        Assert.StartsWith($"--config '{folder.File("none.yml")}': Could not find file", Error(folder.File("none.yml")), StringComparison.Ordinal);
        // A device says nothing of its length and never ends.
        Assert.StartsWith("--config '/dev/zero': larger", Error("/dev/zero"), StringComparison.Ordinal);
        Assert.StartsWith("--config '/': ", Error("/"), StringComparison.Ordinal);

        static string Error(string path) => Assert.Throws<UsageException>(() => YamlSource.ReadFile(path, "--config")).Message;
    }
}
