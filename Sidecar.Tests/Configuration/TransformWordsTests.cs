using Chassis;
using Sidecar.Tests.UserFilters;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

/// <summary>The words that a sidecar's file adds to the language of transforms.</summary>
public sealed class TransformWordsTests : IDisposable
{
    private const string Listeners = "listeners: [{listen: \"127.0.0.1:1\"}]\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("transforms:\n  fine: not\n  wrong: (xor 300)\n  last: not\n", ":4: transforms.wrong '(xor 300)': wrong: 1:6: a byte 0..255 expected, got 300")]
    // A name that another one's starts with; and one that leads to what is wrong.
    [InlineData("transforms:\n  user: wrong\n  wrong: (xor 300)\n", ":4: transforms.wrong '(xor 300)': wrong: 1:6: a byte 0..255 expected, got 300")]
    [InlineData("transforms:\n  fine: not\n  a: (chain b not)\n  b: a\n", ":4: transforms.a '(chain b not)': a: it refers to itself, by way of a, b")]
    [InlineData("transforms:\n  fine: not\n  xor: not\n", ":4: transforms.xor 'not': xor: the language has this word already")]
    [InlineData("transforms:\n  scramble: not\n  twice: (chain Scramble not)\n", ":4: transforms.twice '(chain Scramble not)': twice: 1:8: an expression expected, got Scramble")]
    [InlineData("transforms:\n  many: |\n    (chain\n      (xor 300))\n", ":3: transforms.many '(chain (xor 300))': many: 2:8: a byte 0..255 expected, got 300")]
    public void Load_AWrongDefinition_IsOneLineThatNamesIts(string yaml, string message)
    {
        var file = _folder.Write("sidecar.yaml", Listeners + yaml);

        Assert.Equal(file + message, Refusal(file));
    }

    [Fact]
    public void Load_WordsOfThePolicy_AreFreeForASidecar()
    {
        var filter = UserFilter.Compile(_folder, UserFilter.Source(name: "\"random\""));
        var file = _folder.Write("sidecar.yaml", $"filters: [\"{filter}\"]\ntransforms: {{deny: (chain random not)}}\n{Listeners}");

        Assert.Equal("(chain (random) not)", Words.Load([Words.Option($"config={file}")], []).Language.Parse("deny").Text);
    }

    private static string Refusal(string file) => Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}")], [])).Message;
}
