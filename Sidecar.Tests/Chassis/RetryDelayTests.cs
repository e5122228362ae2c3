using Chassis.Net;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class RetryDelayTests
{
    [Fact]
    public void Delay_DoublesUpToItsLimitAndStartsAnew()
    {
        var delay = new RetryDelay();
        var waits = Enumerable.Range(0, 12).Select(_ => delay.Next(null).TotalSeconds).ToList();
        Assert.All(waits.Index(), wait => Assert.InRange(wait.Item, Math.Min(30, 0.1 * Math.Pow(2, wait.Index)) / 2, Math.Min(30, 0.1 * Math.Pow(2, wait.Index))));
        Assert.Equal(TimeSpan.FromSeconds(30), delay.Next(TimeSpan.FromDays(1)));
        delay.Reset();
        Assert.Equal(TimeSpan.FromSeconds(7), delay.Next(TimeSpan.FromSeconds(7)));
    }
}
