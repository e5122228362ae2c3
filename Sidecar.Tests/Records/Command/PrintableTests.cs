using System.Globalization;
using System.Text;
using Sidecar.Records.Command;
using Xunit;

namespace Sidecar.Tests.Records.Command;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain /a?b=c", "plain /a?b=c")]
    [InlineData("grün 漢字 🙂", "grün 漢字 🙂")]
    [InlineData("e\u0301", "e\u0301")]
    [InlineData("a\u001b[31mb", "a.[31mb")]
    [InlineData("a\u009bb\u0085", "a.b.")]
    [InlineData("a\u202eb\u2066c", "a.b.c")]
    [InlineData("a\u200bb\ufeffc\u00adD", "a.b.c.D")]
    [InlineData("a\u2028b\u2029c", "a.b.c")]
    [InlineData("a\U000e0001b\U000e0041c\U000e007fd", "a.b.c.d")]
    [InlineData("a\U000e0100b\ufe0fc\u034fd\u3164e\u115ff\uffa0g", "a.b.c.d.e.f.g")]
    [InlineData("a\ue000b\U000f0000c\U0010fffd", "a.b.c.")]
    [InlineData("a\U000e0fffb\uffffc", "a.b.c")]
    public void Of_Text_HasADotForEachCharacterThatIsNotSeen(string text, string shown) => Assert.Equal(shown, Printable.Of(text));

    [Fact]
    public void Of_ALoneSurrogate_IsSeen() => Assert.Equal("a\ufffdb", Printable.Of("a\ud800b"));

    [Fact]
    public void Of_EveryCharacter_LeavesNoneThatActsOnATerminal()
    {
        for (var value = 0; value <= 0x10ffff; value++)
        {
            if (!Rune.TryCreate(value, out var rune))
                continue;
            var shown = Printable.Of(rune.ToString()).EnumerateRunes().Single();
            Assert.True(
                Rune.GetUnicodeCategory(shown) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse),
                $"U+{value:X4} is shown");
            Assert.True(value is < 0xe0000 or > 0xe0fff || shown.Value == '.', $"U+{value:X4} is shown");
        }
    }
}
