using Sidecar.Records;
using Xunit;

namespace Sidecar.Tests.Records;

public sealed class BoundedTextTests
{
    [Fact]
    public void Of_UpToTheLimit_IsTheTextItself()
    {
        var text = new string('a', BoundedText.MaxLength);
        Assert.Same(text, BoundedText.Of(text));
        Assert.Null(BoundedText.Of((string?)null));
    }

    [Theory]
    [InlineData(1025)]
    [InlineData(600_000)]
    public void Of_ALongerOne_IsBoundedAndTellsItApart(int length)
    {
        var (one, other) = (BoundedText.Of(new string('a', length))!, BoundedText.Of(new string('a', length - 1) + "b")!);

        Assert.InRange(one.Length, 900, BoundedText.MaxLength);
        Assert.StartsWith("aaa", one, StringComparison.Ordinal);
        Assert.Contains($"({length} characters, SHA-256 ", one, StringComparison.Ordinal);
        Assert.NotEqual(one, other);
    }
}
