using System.Collections.Concurrent;

namespace Processes;

/// <summary>Runs commands that end by themselves, and waits for them.</summary>
public static class ShortCommand
{
    // Such a command ends within milliseconds, but iptables may wait for its lock.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Runs a command until it ends. Ctrl-C in the terminal reaches all processes there, but does not end this one.</summary>
    /// <returns>The lines of its stdout.</returns>
    /// <exception cref="ProcessFailedException">It could not run, did not end in time, or ended with a code other than 0.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(params IReadOnlyList<string> words)
    {
        var lines = new ConcurrentQueue<string>();
        var command = new ProcessCommand(Path.GetFileName(words[0]), words).RunBy("env", "--ignore-signal=INT,QUIT,HUP");
        await using var process = ManagedProcess.Start(command, output =>
        {
            if (!output.IsError)
                lines.Enqueue(output.Line);
        });
        var what = $"'{string.Join(' ', words)}'";
        try
        {
            var exitCode = await process.Exited.WaitAsync(Limit);
            return exitCode == 0
                ? [.. lines]
                : throw ProcessFailedException.WithOutput($"{what} {ManagedProcess.DescribeEnd(exitCode)}", process);
        }
        catch (TimeoutException)
        {
            throw ProcessFailedException.WithOutput($"{what} did not end within {Limit.TotalSeconds} s", process);
        }
    }

    /// <summary>Runs a command until it ends, with any exit code, and keeps all its output.</summary>
    /// <param name="command">The command to run.</param>
    /// <param name="limit">Time limit; after it the command and the processes that it has started are killed.</param>
    /// <param name="input">The text on its stdin.</param>
    /// <param name="cancellation">Kills them too.</param>
    /// <exception cref="ProcessFailedException">It could not run, or did not end in time.</exception>
    public static async Task<ProcessResult> ResultAsync(
        ProcessCommand command, TimeSpan limit, string input = "", CancellationToken cancellation = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        using var process = ChildProcess.Start(command.EndingWithParent());
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token);
            process.StandardInput.Close();
            var said = await Task.WhenAll(output, errors);
            await process.WaitForExitAsync(deadline.Token);
            return new ProcessResult(process.ExitCode, said[0], said[1]);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new ProcessFailedException($"'{string.Join(' ', command.Words)}' did not end within {limit.TotalSeconds} s", error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }
}
