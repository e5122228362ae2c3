using Sidecar.Capture;
using Xunit;

namespace Sidecar.Tests.Capture;

public sealed class CapturedTimeTests
{
    private const long Second = 1_000_000_000;
    private const long Hour = 3600 * Second;

    // Else budgets of records would stand still for an hour, or every connection would be idle at once.
    [Theory]
    [InlineData(-Hour)]
    [InlineData(Hour)]
    public void Step_OfTheClock_IsNoneOfThePackets(long step)
    {
        var time = new CapturedTime(isLive: true);
        long[] given = [10 * Hour, (10 * Hour) + Second, (10 * Hour) + (2 * Second) + step, (10 * Hour) + (3 * Second) + step];

        var taken = given.Select(packet =>
        {
            var at = time.Continuous(packet);
            time.Advance(at);
            return (At: at, Wall: time.TimeOfDay(at));
        }).ToList();

        // What passed during the step itself is not known.
        Assert.Equal([0, Second, Second, 2 * Second], taken.Select(packet => packet.At - taken[0].At));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(given[^1] / 100), taken[^1].Wall);
        Assert.Equal(taken[^1].Wall, time.GetUtcNow());
    }

    // Rings of several processors are read one after the other.
    [Fact]
    public void Packets_AMomentOutOfOrder_KeepTheirTimes()
    {
        var time = new CapturedTime(isLive: true);
        long[] given = [Hour, Hour + 500, Hour + 100, Hour + (4 * Second), Hour + Second];

        Assert.Equal(given, given.Select(time.Continuous));
    }

    [Fact]
    public void File_HasItsOwnTimes()
    {
        var time = new CapturedTime(isLive: false);
        long[] given = [10 * Hour, Hour, 20 * Hour];

        Assert.Equal(given, given.Select(time.Continuous));
    }
}
