using System.Collections.Concurrent;

namespace Demo.Processes;

/// <summary>Runs a command that ends by itself, and waits for it.</summary>
internal static class ShortCommand
{
    // Each ends within milliseconds; iptables may wait for its lock.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Runs the words to their end; Ctrl-C in the terminal, which reaches all processes there, does not disturb them.</summary>
    /// <returns>The lines of its stdout.</returns>
    /// <exception cref="ProcessFailedException">It could not run, did not end, or ended with another code than 0.</exception>
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
}
