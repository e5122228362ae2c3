using ByteFilters;
using Xunit;

namespace Sidecar.Tests.ByteFilters;

public sealed class FilterFaultTests
{
    [Theory]
    [InlineData("no such byte", "no such byte")]
    [InlineData(" two\r\n\tlines ", "two lines")]
    [InlineData("", "Worded")]
    [InlineData(" \n", "Worded")]
    [InlineData(null, "Worded")]
    public void OneLine_OfAnException_IsItsWordsOrItsType(string? message, string words) => Assert.Equal(words, FilterFault.OneLine(new Worded(() => message)));

    [Fact]
    public void OneLine_OfAMessageThatThrows_IsTheType() =>
        Assert.Equal("Worded", FilterFault.OneLine(new Worded(() => throw new InvalidOperationException("no words"))));

    [Fact]
    public void OneLine_OfALongMessage_IsItsStart() => Assert.Equal(new string('a', 500), FilterFault.OneLine(new Worded(() => new string('a', 10_000_000))));

    private sealed class Worded(Func<string?> message) : Exception
    {
        public override string Message => message()!;
    }
}
