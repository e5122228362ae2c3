using System.Collections.Concurrent;
using Processes;

namespace Sidecar.Benchmarks.Load;

/// <summary>A process that makes load and ends by itself.</summary>
internal static class LoadProcess
{
    // Beyond the seconds that it was told to run: starting, connecting, reporting.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15);

    /// <summary>Runs it to its end.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="seconds">How long it is to make load.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The exit code and the lines of its stdout.</returns>
    /// <exception cref="MeasureException">It does not end.</exception>
    public static async Task<(int ExitCode, IReadOnlyList<string> Lines, string LastError)> RunAsync(
        ProcessCommand command, int seconds, CancellationToken cancellation)
    {
        var lines = new ConcurrentQueue<string>();
        await using var process = ManagedProcess.Start(command, output =>
        {
            if (!output.IsError)
                lines.Enqueue(output.Line);
        });
        var limit = TimeSpan.FromSeconds(seconds) + Slack;
        try
        {
            var exitCode = await process.Exited.WaitAsync(limit, cancellation);
            return (exitCode, [.. lines], process.StandardError.Lines is [.., var last] ? last : "");
        }
        catch (TimeoutException error)
        {
            throw new MeasureException($"{command.Name} did not end within {limit.TotalSeconds} s", error);
        }
    }
}
