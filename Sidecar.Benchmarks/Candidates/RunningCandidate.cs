using Demo.Programs;
using Processes;
using Sidecar.Benchmarks.Machine;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>A candidate's processes while they run.</summary>
internal sealed class RunningCandidate : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);

    private readonly List<ManagedProcess> _processes = [];

    private RunningCandidate(Candidate candidate, RelayPorts ports) => (Candidate, Ports) = (candidate, ports);

    public Candidate Candidate { get; }

    /// <summary>Where it accepts.</summary>
    public RelayPorts Ports { get; }

    /// <summary>Starts its processes, each once those before it are ready.</summary>
    /// <exception cref="ProcessFailedException">One ended, or was not ready in time.</exception>
    public static async Task<RunningCandidate> StartAsync(Candidate candidate, Workshop shop, CancellationToken cancellation)
    {
        RelayPorts entry;
        IReadOnlyList<CandidatePart> parts;
        using (var free = new FreePorts())
        {
            entry = RelayPorts.Take(free);
            parts = candidate.Build(shop, free, entry);
        }

        var running = new RunningCandidate(candidate, entry);
        try
        {
            foreach (var part in parts)
            {
                var process = ManagedProcess.Start(part.Command);
                running._processes.Add(process);
                await process.WaitUntilReadyAsync(cancel => Workshop.AcceptsAsync(part.Port, cancel), ReadyLimit, cancellation);
            }

            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>CPU seconds used so far, by the name of the process; workers count for the process that started them.</summary>
    /// <exception cref="MeasureException">A process, or a worker, has ended.</exception>
    public CpuUse CpuUse() => new(_processes.ToDictionary(
        process => process.Name,
        process => Family(process).ToDictionary(id => id, ProcessTimes.Of)));

    /// <summary>Bytes resident now, in all processes.</summary>
    /// <exception cref="MeasureException">A process has ended.</exception>
    public long ResidentBytes() => _processes.SelectMany(Family).Sum(ProcessMemory.Of);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));

    private static IReadOnlyList<int> Family(ManagedProcess process) => process.Exited.IsCompleted
        ? throw new MeasureException(ProcessFailedException.WithOutput($"{process.Name} {ManagedProcess.DescribeEnd(process.Exited.Result)}", process).Message)
        : ProcFile.Family(process.Id);
}
