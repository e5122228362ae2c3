using Sidecar.Benchmarks;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Measures;
using Testing;
using Xunit;

namespace Workload.Tests.Benchmarks;

public sealed class ScheduleTests
{
    private static readonly TimeSpan EightMinutes = TimeSpan.FromMinutes(8);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Plan_OfTheDefaultRun_EndsWithinEightMinutes()
    {
        var schedule = new Schedule(Options(), _clock);
        Assert.Equal("3 rounds of memory, 4 rounds of 35 loads of 2 s; planned end 07:29; no round begins that would end after 08:00", schedule.ToString());
    }

    [Theory]
    [InlineData(36, 5, "planned end 06:00")]
    // What others need of the machine makes rounds longer than planned.
    [InlineData(90, 3, "planned end 07:30, without 2 rounds that would end too late")]
    [InlineData(170, 1, "planned end 05:50, without 4 rounds that would end too late")]
    // One in any case: without it there is nothing to report.
    [InlineData(600, 1, "planned end 13:00, without 4 rounds that would end too late")]
    public void Rounds_EachOfSoManySeconds_BeginWhileTheyEndInTime(int seconds, int rounds, string last)
    {
        var schedule = new Schedule(Options(), _clock);
        _clock.Advance(TimeSpan.FromSeconds(180));
        var said = "";
        while (schedule.TryBegin(out _))
        {
            _clock.Advance(TimeSpan.FromSeconds(seconds));
            said = schedule.End();
        }

        Assert.Equal(rounds, schedule.Ended);
        Assert.Equal(last, said);
        Assert.True(schedule.Ended == 1 || schedule.Elapsed <= EightMinutes);
    }

    [Fact]
    public void Rounds_OneWasLong_CountsForThoseToCome()
    {
        var schedule = new Schedule(Options(), _clock);
        foreach (var (length, expected) in new[] { (30, "planned end 02:30"), (150, "planned end 08:00, without 1 round that would end too late"), (30, "planned end 06:00, without 1 round that would end too late") })
        {
            Assert.True(schedule.TryBegin(out _));
            _clock.Advance(TimeSpan.FromSeconds(length));
            Assert.Equal(expected, schedule.End());
        }
    }

    [Fact]
    public void Rounds_WithoutALimit_AreAsManyAsAskedFor()
    {
        var schedule = new Schedule(Options() with { Budget = null, Rounds = 20 }, _clock);
        while (schedule.TryBegin(out _))
        {
            _clock.Advance(TimeSpan.FromSeconds(1000));
            schedule.End();
        }

        Assert.Equal(("after round 20 of 20", 20), (schedule.Progress, schedule.Ended));
    }

    [Fact]
    public void Progress_WithinARound_NamesTheOneThatIsDone()
    {
        var schedule = new Schedule(Options(), _clock);
        Assert.Equal("before the first round", schedule.Progress);
        schedule.TryBegin(out _);
        Assert.Equal("after round 0 of 5", schedule.Progress);
        schedule.End();
        schedule.TryBegin(out var second);
        Assert.Equal(("after round 1 of 5", 2), (schedule.Progress, second));
    }

    [Fact]
    public void Plan_OfMemoryAlone_HasNoRoundsOfLoads()
    {
        var schedule = new Schedule(Options() with { Steps = [Step.Memory], Candidates = [CandidateList.Haproxy] }, _clock);
        Assert.StartsWith("3 rounds of memory, 0 rounds of 0 loads of 2 s; planned end 00:10;", schedule.ToString(), StringComparison.Ordinal);
        Assert.False(schedule.TryBegin(out _));
    }

    private static CompareOptions Options() => new(5, 2, EightMinutes, Step.ByDefault, [.. CandidateList.All.Select(c => c.Name)], null, "", null, null);
}
