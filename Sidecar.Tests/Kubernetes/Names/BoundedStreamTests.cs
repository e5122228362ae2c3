using System.Text;
using Sidecar.Kubernetes;
using Xunit;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>Lines arrive whole, however the stream is cut, and none is longer than allowed.</summary>
public sealed class BoundedStreamTests
{
    private const int Limit = 64 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_SplitAtEveryByte_AreTheSame()
    {
        var text = Encoding.UTF8.GetBytes("first ü\n\nthird\nhalf");
        for (var at = 0; at <= text.Length; at++)
            Assert.Equal(["first ü", "", "third"], await LinesAsync(text[..at], text[at..]));
    }

    [Fact]
    public async Task Lines_InPiecesByChance_AreTheSame()
    {
        var random = new Random(16);
        for (var round = 0; round < 200; round++)
        {
            var expected = Enumerable.Range(0, random.Next(1, 40)).Select(_ => new string('x', random.Next(random.Next(1, 40_000)))).ToList();
            var bytes = Encoding.UTF8.GetBytes(string.Concat(expected.Select(line => line + "\n")));
            var pieces = new List<byte[]>();
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(random.Next(1, 30_000), bytes.Length - at);
                pieces.Add(bytes[at..(at + length)]);
                at += length;
            }

            Assert.Equal(expected, await LinesAsync([.. pieces]));
        }
    }

    [Theory]
    [InlineData(Limit - 1, true)]
    [InlineData(Limit, false)]
    [InlineData(10 * Limit, false)]
    public async Task Line_ThatIsTooLong_IsRefused(int length, bool isTaken)
    {
        var line = new byte[length + 1];
        line.AsSpan().Fill((byte)'x');
        line[^1] = (byte)'\n';

        if (isTaken)
            Assert.Equal(length, Assert.Single(await LinesAsync(line)).Length);
        else
            await Assert.ThrowsAsync<InvalidDataException>(() => LinesAsync(line));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(Limit - 1, true)]
    [InlineData(Limit, false)]
    [InlineData(3 * Limit, false)]
    public async Task All_HasALimit(int length, bool isTaken)
    {
        var stream = new BoundedStream(new MemoryStream(new byte[length]), Limit);

        if (isTaken)
            Assert.Equal(length, (await stream.ReadAllAsync(Cancel)).Length);
        else
            await Assert.ThrowsAsync<InvalidDataException>(async () => await stream.ReadAllAsync(Cancel));
    }

    private static async Task<List<string>> LinesAsync(params byte[][] pieces)
    {
        var stream = new BoundedStream(new PiecesStream(pieces), Limit);
        var lines = new List<string>();
        while (await stream.ReadLineAsync(Cancel) is { } line)
            lines.Add(Encoding.UTF8.GetString(line.Span));
        return lines;
    }

    // Each read gives at most one piece.
    private sealed class PiecesStream(byte[][] pieces) : MemoryStream
    {
        private readonly Queue<ReadOnlyMemory<byte>> _pieces = new(pieces.Where(piece => piece.Length > 0).Select(piece => (ReadOnlyMemory<byte>)piece));
        private ReadOnlyMemory<byte> _rest;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest.IsEmpty && !_pieces.TryDequeue(out _rest))
                return ValueTask.FromResult(0);
            var count = Math.Min(buffer.Length, _rest.Length);
            _rest[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return ValueTask.FromResult(count);
        }
    }
}
