using System.Buffers;
using System.Text;
using Oracle.Protocol;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Protocol;

public sealed class WireLineTests
{
    private const int Max = 16;
    private static readonly MessageParser<string> Parse = WireLine.Parser(Max);

    [Theory]
    [InlineData("hello p1 x\n", "hello p1 x")]
    [InlineData("hello p1 x\r\n", "hello p1 x")]
    [InlineData("\n", "")]
    [InlineData("\r\n", "")]
    [InlineData("0123456789abcdef\n", "0123456789abcdef")]
    [InlineData("0123456789abcdef\r\n", "0123456789abcdef")]
    public void Parser_LineSplitAtEveryByte_IsIncompleteUntilItsEnd(string wire, string expected)
    {
        var bytes = Encoding.ASCII.GetBytes(wire);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ReadStatus.Incomplete, Parse(new ReadOnlySequence<byte>(bytes[..length]), out _, out _));
        for (var split = 0; split <= bytes.Length; split++)
        {
            var buffer = Bytes.Segmented(bytes.AsMemory(..split), Array.Empty<byte>(), bytes.AsMemory(split..), "next"u8.ToArray());
            Assert.Equal(ReadStatus.Complete, Parse(buffer, out var consumed, out var line));
            Assert.Equal(expected, line);
            Assert.Equal("next", Encoding.ASCII.GetString(buffer.Slice(consumed)));
        }
    }

    [Theory]
    [InlineData("0123456789abcdefg")]
    [InlineData("0123456789abcdefg\n")]
    [InlineData("0123456789abcdefg\r\n")]
    [InlineData("0123456789abcdef\rx")]
    [InlineData("0123456789abcdef\r\r\n")]
    [InlineData("0123456789abcdefghijklmnopqrstuvwxyz\n")]
    public void Parser_OverlongLine_IsTooLong(string wire) =>
        Assert.All(AllSplits(wire), buffer => Assert.Equal(ReadStatus.TooLong, Parse(buffer, out _, out _)));

    [Theory]
    [InlineData("tab\there\n")]
    [InlineData("nul\0\n")]
    [InlineData("cr\rinside\n")]
    [InlineData("two\r\r\n")]
    [InlineData("del\u007f\n")]
    [InlineData("h\u00f6her\n")]
    [InlineData("\u00ff\n")]
    public void Parser_BytesThatAreNotVisibleAscii_AreMalformed(string wire) =>
        Assert.All(AllSplits(wire), buffer => Assert.Equal(ReadStatus.Malformed, Parse(buffer, out _, out _)));

    [Fact]
    public void Parser_RandomBytes_DecidesWithinItsBoundWhateverTheSegments()
    {
        const int seed = 20260102;
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            // Few distinct bytes, so that CR, LF and lengths around the limit are met often.
            var bytes = new byte[random.Next(0, Max + 6)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = random.Next(12) switch { 0 => (byte)'\n', 1 => (byte)'\r', 2 => (byte)random.Next(256), _ => (byte)'x' };
            var whole = Parse(new ReadOnlySequence<byte>(bytes), out _, out var line);
            var split = random.Next(bytes.Length + 1);
            var again = Parse(Bytes.Segmented(bytes.AsMemory(..split), bytes.AsMemory(split..)), out _, out var lineAgain);
            var shown = $"seed {seed}, round {round}: {Convert.ToHexString(bytes)}";
            Assert.True(whole == again && line == lineAgain, shown);
            Assert.True(whole != ReadStatus.Incomplete || bytes.Length <= Max + 1, shown);
            Assert.True(whole != ReadStatus.Complete || (line.Length <= Max && line.All(c => c is >= ' ' and <= '~')), shown);
        }
    }

    [Fact]
    public void Encode_Line_EndsWithLineFeed() => Assert.Equal("deny\n"u8.ToArray(), WireLine.Encode("deny"));

    private static IEnumerable<ReadOnlySequence<byte>> AllSplits(string wire)
    {
        var bytes = Encoding.Latin1.GetBytes(wire);
        return Enumerable.Range(0, bytes.Length + 1).Select(split => Bytes.Segmented(bytes.AsMemory(..split), bytes.AsMemory(split..)));
    }
}
