using ByteFilters;
using Processes;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Load;
using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks;

/// <summary>
/// The measuring: in every round each step is put on its candidates one directly after the other, and another one begins
/// each time, so that whatever else the machine does falls on all of them alike.
/// </summary>
/// <param name="options">What the user asked for.</param>
/// <param name="schedule">How many rounds there are.</param>
/// <param name="shop">Makes the candidates.</param>
/// <param name="origin">What they relay to.</param>
/// <param name="progress">Told what happens.</param>
/// <param name="roundEnded">Run after each round, also of the memory step.</param>
internal sealed class CompareRounds(CompareOptions options, Schedule schedule, Workshop shop, Origin origin, Action<string> progress, Func<CompareRounds, Task> roundEnded)
{
    private readonly Loads _loads = new(shop, origin);
    private readonly IReadOnlyList<Step> _steps = [.. Step.All.Where(step => options.Steps.Contains(step.Name))];

    /// <summary>The figures.</summary>
    public Samples Samples { get; } = new();

    /// <summary>The costs of candidates of several processes, by process.</summary>
    public PartCosts PartCosts { get; } = new();

    /// <summary>What could not be measured, and why: one line each.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>The candidates of the memory step: a sidecar alone that transforms, or a pod, holds no memory that the plain ones do not.</summary>
    public static IReadOnlyList<Candidate> WithMemory(CompareOptions options) =>
        [.. CandidateList.All.Where(c => c.Transform.Equals(TransformExpression.Identity) && !CandidateList.Pods.Contains(c.Name) && options.Candidates.Contains(c.Name))];

    /// <summary>Runs all rounds.</summary>
    /// <exception cref="ProcessFailedException">A service of the origin ended.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = origin.WatchAsync(done.Token);
        var measuring = MeasureAsync(done.Token);
        try
        {
            await await Task.WhenAny(watching, measuring);
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(watching, measuring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task MeasureAsync(CancellationToken stop)
    {
        await MeasureMemoryAsync(stop);
        if (_steps.Count > 0)
            await MeasureLoadsAsync(stop);
    }

    private async Task MeasureMemoryAsync(CancellationToken stop)
    {
        var (start, memory) = (new StartTime(shop), new IdleMemory(shop));
        for (var round = 1; round <= schedule.MemoryRounds; round++)
        {
            foreach (var candidate in From(round, Chosen(Step.TimedStarts)))
                await TryAsync(candidate, "start", async () => Add(round, candidate, await start.RunAsync(candidate, stop)));
            foreach (var candidate in From(round, WithMemory(options)))
            {
                await TryAsync(candidate, Step.Memory, async () => Add(round, candidate, await memory.RunAsync(candidate, stop)));
            }

            progress($"memory {round}: {Summary(round, Quantity.FirstAnswer)}, {Summary(round, Quantity.AtRest)}, {Summary(round, Quantity.Idle4000)}");
            await roundEnded(this);
        }
    }

    private async Task MeasureLoadsAsync(CancellationToken stop)
    {
        var running = new Dictionary<string, RunningCandidate>();
        try
        {
            foreach (var candidate in Chosen([.. _steps.SelectMany(step => step.Candidates).Distinct()]))
                await TryAsync(candidate, "start", async () => running[candidate.Name] = await StartAsync(candidate, stop));
            await LoadAllAsync(running, 0, stop);
            while (schedule.TryBegin(out var round))
            {
                await LoadAllAsync(running, round, stop);
                progress(schedule.End());
                await roundEnded(this);
            }

            foreach (var (name, candidate) in running)
                await TryAsync(candidate.Candidate, "after the load", () => Task.FromResult(Resident(name, candidate)));
        }
        finally
        {
            await Task.WhenAll(running.Values.Select(candidate => candidate.DisposeAsync().AsTask()));
        }
    }

    private async Task<RunningCandidate> StartAsync(Candidate candidate, CancellationToken stop)
    {
        var started = await RunningCandidate.StartAsync(candidate, shop, stop);
        try
        {
            await CandidateCheck.RunAsync(started, stop);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    private async Task LoadAllAsync(Dictionary<string, RunningCandidate> running, int round, CancellationToken stop)
    {
        foreach (var step in _steps)
        {
            foreach (var candidate in From(round, Chosen(step.Candidates)))
            {
                if (running.TryGetValue(candidate.Name, out var target))
                    await TryAsync(candidate, step.Name, () => LoadAsync(step, target, round, stop));
            }

            progress(round == 0 ? $"warm-up: {step.Name}" : $"round {round} of {options.Rounds}, {step.Name}: {Summary(round, step.Cost)}");
        }
    }

    private async Task<bool> LoadAsync(Step step, RunningCandidate target, int round, CancellationToken stop)
    {
        var before = target.CpuUse();
        var report = await step.Load(_loads, target, round == 0 ? Schedule.WarmUpSeconds : options.Seconds, stop);
        var used = target.CpuUse().Since(before);
        // Round 0 compiles the code and fills the pools.
        if (round == 0)
            return true;
        var scale = step.CostScale / report.Done;
        Add(round, target.Candidate, [new(step.Cost, used.Values.Sum() * scale), .. report.Readings]);
        foreach (var (part, seconds) in used.Where(_ => used.Count > 1))
            PartCosts.Add(new(round, target.Candidate.Name, part, step.Cost, seconds * scale));
        return true;
    }

    private bool Resident(string name, RunningCandidate candidate)
    {
        Samples.Add(new Sample(1, name, Quantity.AfterLoad, candidate.ResidentBytes() / 1e6));
        return true;
    }

    private bool Add(int round, Candidate candidate, IReadOnlyList<Reading> readings)
    {
        foreach (var reading in readings)
            Samples.Add(new Sample(round, candidate.Name, reading.Quantity, reading.Value));
        return true;
    }

    // One candidate's failure is told and leaves the others' figures alone.
    private async Task TryAsync<T>(Candidate candidate, string what, Func<Task<T>> work)
    {
        try
        {
            await work();
        }
        catch (Exception error) when (error is MeasureException or ProcessFailedException)
        {
            Failures.Add($"{candidate.Title}: {what}: {error.Message.ReplaceLineEndings(" ")}");
            progress($"FAILED {Failures[^1]}");
        }
    }

    private IReadOnlyList<Candidate> Chosen(IReadOnlyList<string> names) =>
        [.. from name in names where options.Candidates.Contains(name) select CandidateList.All.Single(c => c.Name == name)];

    private static IEnumerable<Candidate> From(int round, IReadOnlyList<Candidate> candidates) =>
        Enumerable.Range(0, candidates.Count).Select(i => candidates[(i + round) % candidates.Count]);

    private string Summary(int round, Quantity quantity) => string.Join(", ",
        from sample in Samples.All
        where sample.Round == round && sample.Quantity == quantity
        select $"{sample.Candidate} {Math.Round(sample.Value, quantity.Decimals)}") + $" {quantity.Unit}";
}
