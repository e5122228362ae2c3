using System.Text;
using Processes;
using Xunit;

namespace Workload.Tests.Processes;

public sealed class LinePumpTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one\ntwo\n", new[] { "one", "two" })]
    [InlineData("one\r\n\ntwo", new[] { "one", "", "two" })]
    [InlineData("größe\n", new[] { "größe" })]
    public async Task Run_WithBytesInAnyPieces_GivesTheSameLines(string text, string[] expected)
    {
        for (var piece = 1; piece <= text.Length + 1; piece++)
            Assert.Equal(expected, await LinesAsync(new PieceStream(Encoding.UTF8.GetBytes(text), piece)));
    }

    [Fact]
    public async Task Run_WithALineOfTheLongestLength_KeepsItWhole()
    {
        var line = new string('x', LinePump.DefaultMaxLineBytes);

        Assert.Equal([line, "next"], await LinesAsync(new MemoryStream(Encoding.UTF8.GetBytes(line + "\nnext\n"))));
    }

    [Fact]
    public async Task Run_WithALongerLine_CutsItAndMarksIt()
    {
        var line = new string('x', LinePump.DefaultMaxLineBytes);

        Assert.Equal([line + " …", "next"], await LinesAsync(new MemoryStream(Encoding.UTF8.GetBytes(line + new string('y', 50_000) + "\nnext\n"))));
    }

    private static async Task<List<string>> LinesAsync(Stream stream)
    {
        var lines = new List<string>();
        await new LinePump(lines.Add).RunAsync(stream);
        return lines;
    }

    // A pipe may give any number of bytes at a time.
    private sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
