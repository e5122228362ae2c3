using Chassis.Records;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class SenderSharesTests
{
    private readonly SenderShares _shares = new(most: 2);

    [Fact]
    public void TryTake_MoreThanAShare_IsRefusedUntilOneIsReturned()
    {
        Assert.True(_shares.TryTake("a"));
        Assert.True(_shares.TryTake("a"));
        Assert.False(_shares.TryTake("a"));
        Assert.True(_shares.TryTake("b"));

        _shares.Return("a");

        Assert.True(_shares.TryTake("a"));
        Assert.False(_shares.TryTake("a"));
    }

    [Fact]
    public void TryTake_NobodyInParticular_AlwaysHasRoom()
    {
        for (var i = 0; i < 10; i++)
            Assert.True(_shares.TryTake(null));
        _shares.Return(null);
    }

    [Fact]
    public void Senders_WithNothingWaiting_AreForgotten()
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(_shares.TryTake(i));
            _shares.Return(i);
        }

        Assert.Equal(0, _shares.Senders);
    }
}
