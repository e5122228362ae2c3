using System.Security.Cryptography;
using ByteFilters;
using Chassis;
using Sidecar.Transform;
using Sidecar.Transform.Command;
using Testing;
using Xunit;

namespace Sidecar.Tests.Transform.Command;

public sealed class ByteFilterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4093)]
    [InlineData(1_000_000)]
    public async Task CopyAsync_WithReadsOfOddSizes_TransformsTheStreamAsAWhole(int size)
    {
        var expression = TransformExpression.Parse("(chain (xor-key \"010203\") (rotl 3))");
        var bytes = RandomNumberGenerator.GetBytes(Math.Min(600_000, size * 5000) + 1);
        var expected = (byte[])bytes.Clone();
        CompiledTransform.Compile(expression).Start().Apply(expected);
        using var output = new MemoryStream();

        await ByteFilter.CopyAsync(new OddReads(bytes, size), output, CompiledTransform.Compile(expression).Start(), null, TestContext.Current.CancellationToken);

        Assert.Equal(expected, output.ToArray());
    }

    [Fact]
    public async Task CopyAsync_ThatFailsOnATerminal_EndsTheProgressLine()
    {
        var time = new ManualTimeProvider();
        using var terminal = new StringWriter { NewLine = "\n" };
        var progress = new ProgressLine(terminal, TimeSpan.FromSeconds(1), time);
        time.Advance(TimeSpan.FromSeconds(1));
        progress.Add(1_000_000);

        await Assert.ThrowsAsync<UsageException>(() => ByteFilter.CopyAsync(
            new MemoryStream(new byte[10]), Stream.Null, new FailingTransform(), progress, TestContext.Current.CancellationToken));

        Assert.EndsWith("\n", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ProgressLine_IsWrittenOverOnceAnIntervalAndEndsWithALine()
    {
        var time = new ManualTimeProvider();
        using var terminal = new StringWriter { NewLine = "\n" };
        var line = new ProgressLine(terminal, TimeSpan.FromSeconds(1), time);

        line.Add(2_000_000);
        time.Advance(TimeSpan.FromMilliseconds(999));
        line.Add(1_000_000);
        Assert.Equal("", terminal.ToString());
        time.Advance(TimeSpan.FromMilliseconds(1));
        line.Add(1_000_000);
        line.Add(1_000_000);
        time.Advance(TimeSpan.FromSeconds(1));
        line.Add(1_000_000_000);
        line.End();

        Assert.Equal("\r4 MB, 4 MB/s \r1,005 MB, 502 MB/s \r1,005 MB, 502 MB/s \n", terminal.ToString());
    }

    [Fact]
    public void ProgressLine_OfAShortInput_SaysNothing()
    {
        using var terminal = new StringWriter();
        var line = new ProgressLine(terminal, TimeSpan.FromSeconds(1), new ManualTimeProvider());

        line.Add(1_000_000);
        line.End();

        Assert.Equal("", terminal.ToString());
    }

    private sealed class FailingTransform : ByteTransform
    {
        public override void Apply(Span<byte> bytes) => throw new InvalidOperationException("no more");
    }

    // Never more than a size at once, as pipes do.
    private sealed class OddReads(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
