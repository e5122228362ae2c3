using System.Buffers;
using System.Text;
using Oracle.Protocol;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Protocol;

public sealed class OracleDialectTests
{
    [Theory]
    [InlineData("ask ", 4096, ReadStatus.Complete)]
    [InlineData("ask ", 4097, ReadStatus.TooLong)]
    [InlineData("hello ", 512, ReadStatus.Complete)]
    [InlineData("hello ", 513, ReadStatus.TooLong)]
    [InlineData("asks ", 513, ReadStatus.TooLong)]
    [InlineData("ASK ", 513, ReadStatus.TooLong)]
    [InlineData(" ask ", 513, ReadStatus.TooLong)]
    [InlineData("ask", 3, ReadStatus.Complete)]
    [InlineData("", 0, ReadStatus.Complete)]
    public void ParseQuestionLine_FirstWord_SaysHowLongItMayBe(string start, int length, ReadStatus expected)
    {
        var wire = Encoding.ASCII.GetBytes(start.PadRight(length, 'x') + "\nask");
        // The first word lies in one segment or in two.
        foreach (var split in Enumerable.Range(0, 8).Where(split => split <= wire.Length))
        {
            var buffer = Bytes.Segmented(wire.AsMemory(..split), wire.AsMemory(split..));
            Assert.Equal(expected, OracleDialects.ParseQuestionLine(buffer, out var consumed, out var line));
            if (expected == ReadStatus.Complete)
                Assert.Equal((length, "ask"), (line.Length, Encoding.ASCII.GetString(buffer.Slice(consumed))));
        }
    }

    [Fact]
    public void ParseQuestionLine_EveryPrefixOfALongQuestion_IsIncomplete()
    {
        var wire = Encoding.ASCII.GetBytes("ask ".PadRight(4096, 'x') + "\r");
        for (var length = 0; length <= wire.Length; length++)
            Assert.Equal(ReadStatus.Incomplete, OracleDialects.ParseQuestionLine(new ReadOnlySequence<byte>(wire, 0, length), out _, out _));
        Assert.Equal(ReadStatus.TooLong, OracleDialects.ParseQuestionLine(new ReadOnlySequence<byte>([.. wire, (byte)'x']), out _, out _));
    }
}
