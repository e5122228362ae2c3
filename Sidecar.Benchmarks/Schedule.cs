using System.Globalization;
using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks;

/// <summary>How long a run takes by what it is to do, and whether one more round ends in time.</summary>
/// <param name="options">What the user asked for.</param>
/// <param name="time">The clock; the run begins now.</param>
internal sealed class Schedule(CompareOptions options, TimeProvider time)
{
    /// <summary>Length of each load before the first round.</summary>
    public const int WarmUpSeconds = 1;

    // Memory differs little from start to start.
    private const int MaxMemoryRounds = 3;

    // From runs on two cores: what a load takes beside its own length, a candidate's start, and its turn of the memory step.
    private static readonly TimeSpan LoadOverhead = TimeSpan.FromSeconds(0.15);
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MemoryTime = TimeSpan.FromSeconds(3.5);
    private static readonly TimeSpan FirstAnswerTime = TimeSpan.FromSeconds(0.5);

    private readonly long _began = time.GetTimestamp();
    private readonly int _loads = Step.All.Where(step => options.Steps.Contains(step.Name)).Sum(step => step.Candidates.Count(options.Candidates.Contains));
    private long _roundBegan;
    private TimeSpan? _longest;

    /// <summary>How often the memory step is done.</summary>
    public int MemoryRounds { get; } = options.Steps.Contains(Step.Memory) ? Math.Min(options.Rounds, MaxMemoryRounds) : 0;

    /// <summary>Rounds of loads that were begun.</summary>
    public int Begun { get; private set; }

    /// <summary>Rounds of loads that were ended.</summary>
    public int Ended { get; private set; }

    /// <summary>Since the run began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Where the last ended round leaves the run, in words.</summary>
    public string Progress => Begun == 0 ? "before the first round" : $"after round {Ended} of {options.Rounds}";

    /// <summary>What the run is to do and when it is expected to end.</summary>
    public override string ToString()
    {
        var text = $"{Count(MemoryRounds, "round")} of memory, {Count(Rounds(Before), "round")} of {Count(_loads, "load")} of {options.Seconds} s";
        var limit = options.Budget is { } budget ? $"; no round begins that would end after {Clock(budget)}" : "";
        return $"{text}; planned end {End(Before, Rounds(Before))}{limit}";
    }

    /// <summary>Begins the next round, if there is to be one.</summary>
    /// <param name="round">Its number, from 1 on.</param>
    public bool TryBegin(out int round)
    {
        round = Begun + 1;
        if (Rounds(Elapsed) == 0)
            return false;
        (Begun, _roundBegan) = (round, time.GetTimestamp());
        return true;
    }

    /// <summary>Ends the round.</summary>
    /// <returns>What comes now, in words.</returns>
    public string End()
    {
        var took = time.GetElapsedTime(_roundBegan);
        _longest = _longest is { } longest && longest > took ? longest : took;
        Ended = Begun;
        var (left, more) = (options.Rounds - Ended, Rounds(Elapsed));
        return left == more ? $"planned end {End(Elapsed, more)}" : $"planned end {End(Elapsed, more)}, without {Count(left - more, "round")} that would end too late";
    }

    // All before the first round: memory, starts, warm-up.
    private TimeSpan Before
    {
        get
        {
            var loaded = Step.All.Where(step => options.Steps.Contains(step.Name)).SelectMany(step => step.Candidates).Where(options.Candidates.Contains).Distinct().Count();
            var memory = (CompareRounds.WithMemory(options).Count * MemoryTime) + (Step.TimedStarts.Count(options.Candidates.Contains) * FirstAnswerTime);
            return (MemoryRounds * memory) + (loaded * StartTime) + (_loads * (TimeSpan.FromSeconds(WarmUpSeconds) + LoadOverhead));
        }
    }

    // The longest so far, because the next may be no shorter.
    private TimeSpan Round => _longest ?? _loads * (TimeSpan.FromSeconds(options.Seconds) + LoadOverhead);

    // Those still to begin. The first one begins in any case: without it there is nothing to report.
    private int Rounds(TimeSpan from)
    {
        var most = _loads == 0 ? 0 : options.Rounds - Begun;
        return options.Budget is { } budget && Round > TimeSpan.Zero ? (int)Math.Clamp((budget - from) / Round, Begun == 0 ? Math.Min(1, most) : 0, most) : most;
    }

    private string End(TimeSpan from, int rounds) => Clock(from + (rounds * Round));

    private static string Clock(TimeSpan time) => $"{(int)time.TotalMinutes:00}:{time.Seconds:00}";

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
