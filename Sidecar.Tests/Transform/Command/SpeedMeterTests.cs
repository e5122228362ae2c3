using Sidecar.Transform.Command;
using Testing;
using Xunit;

namespace Sidecar.Tests.Transform.Command;

/// <summary>What is measured is the code, not what else the machine does.</summary>
public sealed class SpeedMeterTests
{
    private const int Bytes = 64 * 1024;

    private static readonly TimeSpan Call = TimeSpan.FromMicroseconds(4);

    private readonly ManualTimeProvider _clock = new();

    // How long this process has the core each time, and how long others have it then.
    private TimeSpan _own = TimeSpan.FromDays(1);
    private TimeSpan _others = TimeSpan.Zero;

    [Fact]
    public void Best_AloneOnTheMachine_IsWhatACallTakes()
    {
        var best = new SpeedMeter(_clock).Best(Bytes, () => Run(Call), () => Run(Call / 2));
        Assert.Equal([Bytes / Call.TotalSeconds, 2 * Bytes / Call.TotalSeconds], best, Same);
    }

    [Theory]
    // Other programs have the core for 9 of 10 ms; for 7 of 8.
    [InlineData(1, 9)]
    [InlineData(1, 7)]
    [InlineData(3, 3)]
    public void Best_BesideOtherLoad_IsTheSame(int own, int others)
    {
        (_own, _others) = (TimeSpan.FromMilliseconds(own), TimeSpan.FromMilliseconds(others));
        var best = new SpeedMeter(_clock).Best(Bytes, () => Run(Call), () => Run(Call / 2));
        Assert.Equal([Bytes / Call.TotalSeconds, 2 * Bytes / Call.TotalSeconds], best, Same);
    }

    [Fact]
    public void Best_CompiledAnewAfterAWhile_IsTheFasterCode()
    {
        var compiled = TimeSpan.FromMilliseconds(250);
        var best = new SpeedMeter(_clock).Best(Bytes, () => Run(Elapsed < compiled ? Call * 16 : Call));
        Assert.Equal([Bytes / Call.TotalSeconds], best, Same);
    }

    [Fact]
    public void Best_OfCodeThatIsFasterEachTime_EndsAllTheSame()
    {
        var call = TimeSpan.FromMilliseconds(50);
        new SpeedMeter(_clock).Best(Bytes, () => Run(call *= 0.98));
        Assert.InRange(Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));
    }

    private TimeSpan Elapsed => new(_clock.GetTimestamp());

    private void Run(TimeSpan length)
    {
        _clock.Advance(length);
        if (Elapsed.Ticks % (_own + _others).Ticks >= _own.Ticks)
            _clock.Advance(_others);
    }

    // Within a hundredth: a turn holds whole calls.
    private static bool Same(double expected, double actual) => Math.Abs((actual / expected) - 1) < 0.01;
}
