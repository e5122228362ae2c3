namespace Processes;

/// <summary>Processes that run together: when one ends, the others have no use.</summary>
public sealed class ProcessSet(Action<ProcessOutput>? onOutput = null) : IAsyncDisposable
{
    /// <summary>
    /// Delay before the end of a process is reported. Ctrl-C in a terminal reaches all processes at once, so some may end before
    /// this process has seen the signal.
    /// </summary>
    public TimeSpan SignalSkew { get; init; } = TimeSpan.FromMilliseconds(300);

    private readonly List<ManagedProcess> _processes = [];

    /// <summary>Starts a process and waits until it is ready.</summary>
    /// <exception cref="ProcessFailedException">It was not ready in time, or it or an earlier process has ended.</exception>
    public async Task StartAsync(ProcessCommand command, Func<CancellationToken, Task<bool>> isReady, TimeSpan limit, CancellationToken cancellation)
    {
        var process = ManagedProcess.Start(command.EndingWithParent(), onOutput);
        _processes.Add(process);
        await process.WaitUntilReadyAsync(isReady, limit, cancellation);
        foreach (var ended in _processes.Where(p => p.Exited.IsCompleted))
            throw Ended(ended);
    }

    /// <summary>Waits for the first process that ends, then throws.</summary>
    /// <param name="cancellation">Ends the wait, when all processes are to end.</param>
    /// <exception cref="ProcessFailedException">Names the process that ended.</exception>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        var first = await Task.WhenAny(_processes.Select(p => p.Exited)).WaitAsync(cancellation);
        await Task.Delay(SignalSkew, cancellation);
        throw Ended(_processes.First(p => p.Exited == first));
    }

    /// <summary>Stops all processes at the same time; each has the same time limit before it is killed.</summary>
    /// <returns>The names of the processes that were killed.</returns>
    public async Task<IReadOnlyList<string>> StopAsync(TimeSpan limit)
    {
        var outcomes = await Task.WhenAll(_processes.AsEnumerable().Reverse()
            .Select(async process => (process.Name, Outcome: await process.StopAsync(limit))));
        return [.. outcomes.Where(o => o.Outcome == StopOutcome.Killed).Select(o => o.Name)];
    }

    /// <summary>Stops the processes that still run.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        _processes.Clear();
    }

    private static ProcessFailedException Ended(ManagedProcess process) =>
        ProcessFailedException.WithOutput($"{process.Name} {ManagedProcess.DescribeEnd(process.Exited.Result)}", process);
}
