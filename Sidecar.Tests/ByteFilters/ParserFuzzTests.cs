using System.Text;
using ByteFilters;
using Testing;
using Xunit;

namespace Sidecar.Tests.ByteFilters;

/// <summary>Random texts, and mutations of valid ones. Nothing but the parser's own error may come out.</summary>
public sealed class ParserFuzzTests
{
    private static readonly int Texts = Rounds.Of(1_000_000);

    private static readonly string[] Seeds =
    [
        "xor 42", "not", "(xor 0x2a)", "(chain (xor 42) not (rotl 3))", "(inverse (chain (add 7) (swap-nibbles)))", "(affine \"0102040810204080\" 7)",
        "(xor-key \"00ff10\") ; key", "(keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\")",
    ];

    private static readonly string[] Pieces =
        ["(", ")", "\"", ";", "\n", " ", "chain", "inverse", "idt", "not", "xor", "table", "affine", "xor-key", "keystream", "0x", "255", "256", "-1", "ff", "\0", "\u2603", "\ud800"];

    [Fact]
    public void Parse_AnyText_ThrowsItsOwnErrorOrGivesWhatIsReadBackTheSame()
    {
        var random = new Random(20261122);
        var understood = 0;
        for (var i = 0; i < Texts; i++)
        {
            var text = i % 2 == 0 ? Mutated(random) : Assembled(random);
            try
            {
                var canonical = TransformExpression.Parse(text).Text;
                Assert.Equal(canonical, TransformExpression.Parse(canonical).Text);
                understood++;
            }
            catch (TransformSyntaxException error)
            {
                Assert.InRange(error.Line, 1, text.Count('\n') + 1);
                Assert.InRange(error.Column, 1, text.Length + 1);
                Assert.InRange(error.Message.Length, 1, 200);
            }
        }

        // Both sides of the parser were seen.
        Assert.InRange(understood, Texts / 50, Texts / 2);
    }

    private static string Mutated(Random random)
    {
        var text = new StringBuilder(Seeds[random.Next(Seeds.Length)]);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(text.Length + 1);
            switch (random.Next(4))
            {
                case 0 when at < text.Length:
                    text.Remove(at, random.Next(1, text.Length - at + 1));
                    break;
                case 1 when at < text.Length:
                    text[at] = (char)random.Next(0x20, 0x7f);
                    break;
                case 2:
                    text.Insert(at, text.ToString(0, random.Next(text.Length + 1)));
                    break;
                default:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
            }
        }

        return text.ToString();
    }

    private static string Assembled(Random random) => string.Join(
        random.Next(2) == 0 ? " " : "", Enumerable.Range(0, random.Next(1, 12)).Select(_ => Pieces[random.Next(Pieces.Length)]));
}
