using System.Diagnostics;

namespace Processes;

/// <summary>
/// A child process from start to end. Its output is read line by line, and the last lines are kept. It takes signals. It is
/// stopped with SIGTERM and, after a time limit, with SIGKILL.
/// </summary>
public sealed class ManagedProcess : IAsyncDisposable
{
    /// <summary>Number of lines that are kept of each output stream.</summary>
    public const int KeptLines = 200;

    // A program that drains connections on SIGTERM needs a moment; a longer time is a fault.
    private static readonly TimeSpan DisposeLimit = TimeSpan.FromSeconds(5);

    // After the end, a grandchild may still hold the pipes; the wait for their last lines has this limit.
    private static readonly TimeSpan OutputLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(5);

    private readonly Process _process;
    private readonly Task _ended;

    private ManagedProcess(string name, Process process, Action<ProcessOutput>? onOutput, int maxLineBytes)
    {
        Name = name;
        _process = process;
        Id = process.Id;
        _ended = process.WaitForExitAsync();
        Exited = FinishAsync(
            Pump(process.StandardOutput.BaseStream, StandardOutput, isError: false, onOutput, maxLineBytes),
            Pump(process.StandardError.BaseStream, StandardError, isError: true, onOutput, maxLineBytes));
    }

    /// <summary>The command's name.</summary>
    public string Name { get; }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>The last lines of its stdout.</summary>
    public OutputTail StandardOutput { get; } = new(KeptLines);

    /// <summary>The last lines of its stderr.</summary>
    public OutputTail StandardError { get; } = new(KeptLines);

    /// <summary>Completes with the exit code when the process has ended and its output is read; 128 + n for signal n.</summary>
    public Task<int> Exited { get; }

    /// <summary>Starts a command with closed stdin.</summary>
    /// <param name="command">The command to run.</param>
    /// <param name="onOutput">Called for each line when it comes, by the reader of its stream; must not throw.</param>
    /// <param name="maxLineBytes">Most bytes that are kept of a line.</param>
    /// <exception cref="ProcessFailedException">The program does not exist or may not be run.</exception>
    public static ManagedProcess Start(
        ProcessCommand command, Action<ProcessOutput>? onOutput = null, int maxLineBytes = LinePump.DefaultMaxLineBytes)
    {
        var process = ChildProcess.Start(command);
        process.StandardInput.Close();
        return new ManagedProcess(command.Name, process, onOutput, maxLineBytes);
    }

    /// <summary>Asks again and again whether the process is ready, until it is.</summary>
    /// <param name="isReady">Asks once; its token cancels it.</param>
    /// <param name="limit">Time limit for becoming ready.</param>
    /// <param name="cancellation">Gives up with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ProcessFailedException">The process ended, or was not ready in time.</exception>
    public async Task WaitUntilReadyAsync(Func<CancellationToken, Task<bool>> isReady, TimeSpan limit, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        try
        {
            while (!await isReady(deadline.Token))
            {
                if (await Task.WhenAny(Exited, Task.Delay(ProbeInterval, deadline.Token)) == Exited)
                    throw ProcessFailedException.WithOutput($"{Name} {DescribeEnd(await Exited)} before it was ready", this);
                deadline.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw ProcessFailedException.WithOutput($"{Name} was not ready after {limit.TotalSeconds:0.#} s", this);
        }
    }

    /// <summary>Sends a signal.</summary>
    /// <returns>False if the process has ended.</returns>
    public bool Signal(ProcessSignal signal) => !_process.HasExited && Signals.Send(Id, signal);

    /// <summary>Sends SIGTERM and waits; if the process still runs after the limit, kills it and the processes that it started.</summary>
    public async Task<StopOutcome> StopAsync(TimeSpan limit)
    {
        if (!Signal(ProcessSignal.Terminate))
        {
            await Exited;
            return StopOutcome.HadEnded;
        }

        try
        {
            await _ended.WaitAsync(limit);
            await Exited;
            return StopOutcome.Terminated;
        }
        catch (TimeoutException)
        {
            return await KillAsync();
        }
    }

    /// <summary>Kills the process and the processes that it has started.</summary>
    public async Task<StopOutcome> KillAsync()
    {
        if (_process.HasExited)
        {
            await Exited;
            return StopOutcome.HadEnded;
        }

        _process.Kill(entireProcessTree: true);
        await Exited;
        return StopOutcome.Killed;
    }

    /// <summary>An exit code as a text: <c>ended with exit code 2</c>, <c>was ended by signal 9</c>.</summary>
    public static string DescribeEnd(int exitCode) =>
        exitCode > 128 ? $"was ended by signal {exitCode - 128}" : $"ended with exit code {exitCode}";

    /// <summary>Stops the process if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(DisposeLimit);
        _process.Dispose();
    }

    private async Task<int> FinishAsync(params Task[] pumps)
    {
        await _ended;
        await Task.WhenAny(Task.WhenAll(pumps), Task.Delay(OutputLimit));
        return _process.ExitCode;
    }

    private Task Pump(Stream stream, OutputTail tail, bool isError, Action<ProcessOutput>? onOutput, int maxLineBytes) =>
        new LinePump(line =>
        {
            tail.Add(line);
            onOutput?.Invoke(new ProcessOutput(Name, isError, line));
        }, maxLineBytes).RunAsync(stream);
}
