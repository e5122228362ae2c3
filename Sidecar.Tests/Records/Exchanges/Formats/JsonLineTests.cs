using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Records.Exchanges.Formats;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Formats;

public sealed class JsonLineTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain text/1.1; q=0.5", "plain text/1.1; q=0.5")]
    [InlineData("a\"b\\c", "a\\\"b\\\\c")]
    [InlineData("\u0000\t\u001f\u007f", "\\u0000\\u0009\\u001f\\u007f")]
    [InlineData("grün 漢字 🙂 \u2028", "grün 漢字 🙂 \u2028")]
    [InlineData("\u0085\u009b\u00a0", "\\u0085\\u009b\u00a0")]
    [InlineData("\ufffd", "\ufffd")]
    public void Text_Utf8_StandsAsItIsButForControlsQuotesAndBackslashes(string text, string written) => Assert.Equal(written, Written(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(new byte[] { (byte)'c', 0xe9 }, "c\\u00e9")]
    [InlineData(new byte[] { 0xc3, 0xa9, 0xe9, (byte)'x' }, "é\\u00e9x")]
    [InlineData(new byte[] { 0xf0, 0x9f, 0x99 }, "\\u00f0\\u009f\\u0099")]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, "\\u00ed\\u00a0\\u0080")]
    [InlineData(new byte[] { 0xc0, 0x80, 0xff }, "\\u00c0\\u0080\\u00ff")]
    public void Text_OtherBytes_AreTakenForLatin1(byte[] text, string written) => Assert.Equal(written, Written(text));

    // Random bytes are seldom UTF-8, so characters are mixed in.
    private static Gen<byte[]> AnyBytes => Gen.ListOf(Gen.OneOf(
        Gen.Choose(0, 255).Select(b => new[] { (byte)b }),
        Gen.Elements("a", "\"", "\\", "é", "漢", "🙂", "\u0085").Select(Encoding.UTF8.GetBytes))).Select(pieces => pieces.SelectMany(p => p).ToArray());

    [Fact]
    public void Text_AnyBytes_AreValidJsonOfTheSameMeaning()
    {
        Prop.ForAll(Arb.From(AnyBytes), text =>
        {
            var written = $"\"{Written(text)}\"";
            var parsed = JsonSerializer.Deserialize<string>(written)!;
            return parsed == Meaning(text) && !written.Any(char.IsControl);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Text_AnyBytesAtAnyLimit_AreTheBeginningAndSayWhetherTheyAreCut()
    {
        Prop.ForAll(Arb.From(AnyBytes), text =>
        {
            var meaning = Meaning(text);
            for (var limit = 0; limit <= (6 * text.Length) + 1; limit++)
            {
                var line = new JsonLine { TextLimit = limit };
                line.Text(text);
                var parsed = JsonSerializer.Deserialize<string>($"\"{Encoding.UTF8.GetString(line.Bytes)}\"")!;
                if (line.Length > limit || !Utf8.IsValid(line.Bytes) || !meaning.StartsWith(parsed, StringComparison.Ordinal) || line.IsCut != (parsed.Length < meaning.Length))
                    return false;
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Text_BehindTheLimit_IsLeftOutAndWhatIsNoTextIsNot()
    {
        var line = new JsonLine();
        line.Text("abc"u8);
        line.TextLimit = 2;
        Assert.False(line.IsCut);
        line.Text(""u8);
        Assert.False(line.IsCut);
        line.Text("d"u8);
        line.Text("\u0001"u8);
        line.PlainText("e"u8);
        line.Raw("}"u8);
        Assert.Equal("abc}", Encoding.UTF8.GetString(line.Bytes));
        Assert.True(line.IsCut);

        line.Clear();
        Assert.False(line.IsCut);
        line.Text("whole"u8);
        Assert.Equal("whole", Encoding.UTF8.GetString(line.Bytes));
    }

    [Fact]
    public void Text_LongerThanTheBuffer_IsWholeAndTheNextLineBeginsAnew()
    {
        var line = new JsonLine();
        var text = new string('a', 100_000) + "\u0001" + new string('b', 100_000);
        line.Raw("<"u8);
        line.Text(Encoding.UTF8.GetBytes(text));
        Assert.Equal("<" + text.Replace("\u0001", "\\u0001", StringComparison.Ordinal), Encoding.UTF8.GetString(line.Bytes));
        line.Clear();
        line.Number(long.MinValue);
        line.Number(0);
        Assert.Equal("-92233720368547758080", Encoding.UTF8.GetString(line.Bytes));
    }

    private static string Written(byte[] text)
    {
        var line = new JsonLine();
        line.Text(text);
        Assert.True(Utf8.IsValid(line.Bytes));
        return Encoding.UTF8.GetString(line.Bytes);
    }

    // The longest piece that is one character of UTF-8, or else a byte as Latin-1.
    private static string Meaning(ReadOnlySpan<byte> text)
    {
        var meaning = new StringBuilder();
        while (!text.IsEmpty)
        {
            var length = Math.Min(4, text.Length);
            while (length > 0 && !(Utf8.IsValid(text[..length]) && Encoding.UTF8.GetString(text[..length]).EnumerateRunes().Count() == 1))
                length--;
            meaning.Append(length > 0 ? Encoding.UTF8.GetString(text[..length]) : Encoding.Latin1.GetString(text[..1]));
            text = text[Math.Max(1, length)..];
        }

        return meaning.ToString();
    }
}
