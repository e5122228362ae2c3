using Sidecar.Records.Exchanges;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class ByteBucketTests
{
    private const long Second = 1000;

    private readonly ByteBucket _bucket = new(rate: 100, Second);

    [Fact]
    public void Take_AtOnce_PassesTwiceTheRateAndTheLastLineWhole()
    {
        var passed = 0;
        while (_bucket.HasAny(0))
        {
            _bucket.Take(70);
            passed += 70;
        }

        Assert.Equal(210, passed);
    }

    [Fact]
    public void Take_ForALongTime_PassesTheRateOnAverage()
    {
        var passed = 0;
        for (var now = 0L; now < 100 * Second; now++)
        {
            if (!_bucket.HasAny(now))
                continue;
            _bucket.Take(7);
            passed += 7;
        }

        Assert.InRange(passed, 10_100, 10_207);
    }

    [Fact]
    public void Take_ALineOfManySeconds_IsPaidForBeforeTheNext()
    {
        Assert.True(_bucket.HasAny(0));
        _bucket.Take(1200);
        Assert.False(_bucket.HasAny(10 * Second));
        Assert.True(_bucket.HasAny((10 * Second) + 1));
        Assert.False(_bucket.IsFull((12 * Second) - 1));
        Assert.True(_bucket.IsFull(12 * Second));
    }

    [Fact]
    public void HasAny_StampsOutOfOrder_FillOnlyOnce()
    {
        _bucket.HasAny(0);
        _bucket.Take(300);
        for (var i = 0; i < 100; i++)
        {
            Assert.False(_bucket.HasAny(Second - 100));
            Assert.False(_bucket.HasAny(0));
        }

        Assert.False(_bucket.HasAny(Second - 10));
        Assert.True(_bucket.HasAny(Second + 10));
    }
}
