using Sidecar.Transform.Command;
using Xunit;

namespace Sidecar.Tests.Transform.Command;

/// <summary>What is measured is the code, not what else the machine does.</summary>
public sealed class SpeedMeterTests
{
    private const int Bytes = 64 * 1024;

    private static readonly TimeSpan Call = TimeSpan.FromMicroseconds(4);

    private readonly Clock _clock = new();

    [Fact]
    public void Best_AloneOnTheMachine_IsWhatACallTakes()
    {
        var best = new SpeedMeter(_clock).Best(Bytes, () => _clock.Run(Call), () => _clock.Run(Call / 2));
        Assert.Equal([Bytes / Call.TotalSeconds, 2 * Bytes / Call.TotalSeconds], best, Same);
    }

    [Theory]
    // Other programs have the core for 9 of 10 ms; for 7 of 8.
    [InlineData(1, 9)]
    [InlineData(1, 7)]
    [InlineData(3, 3)]
    public void Best_BesideOtherLoad_IsTheSame(int own, int others)
    {
        (_clock.Own, _clock.Others) = (TimeSpan.FromMilliseconds(own), TimeSpan.FromMilliseconds(others));
        var best = new SpeedMeter(_clock).Best(Bytes, () => _clock.Run(Call), () => _clock.Run(Call / 2));
        Assert.Equal([Bytes / Call.TotalSeconds, 2 * Bytes / Call.TotalSeconds], best, Same);
    }

    [Fact]
    public void Best_CompiledAnewAfterAWhile_IsTheFasterCode()
    {
        var compiled = TimeSpan.FromMilliseconds(250);
        var best = new SpeedMeter(_clock).Best(Bytes, () => _clock.Run(_clock.Elapsed < compiled ? Call * 16 : Call));
        Assert.Equal([Bytes / Call.TotalSeconds], best, Same);
    }

    [Fact]
    public void Best_OfCodeThatIsFasterEachTime_EndsAllTheSame()
    {
        var call = TimeSpan.FromMilliseconds(50);
        new SpeedMeter(_clock).Best(Bytes, () => _clock.Run(call *= 0.98));
        Assert.InRange(_clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));
    }

    // Within a hundredth: a turn holds whole calls.
    private static bool Same(double expected, double actual) => Math.Abs(actual / expected - 1) < 0.01;

    /// <summary>Time passes where code runs, and where others have the core.</summary>
    private sealed class Clock : TimeProvider
    {
        private long _now;

        /// <summary>How long this process has the core each time.</summary>
        public TimeSpan Own { get; set; } = TimeSpan.MaxValue;

        public TimeSpan Others { get; set; }

        public TimeSpan Elapsed => new(_now);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Run(TimeSpan length)
        {
            _now += length.Ticks;
            if (Own < TimeSpan.MaxValue && _now % (Own + Others).Ticks >= Own.Ticks)
                _now += Others.Ticks;
        }
    }
}
