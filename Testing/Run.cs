using Processes;
using Xunit;

namespace Testing;

/// <summary>Runs commands that end by themselves.</summary>
internal static class Run
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Runs the words to their end, at most a minute.</summary>
    public static Task<ProcessResult> ToEndAsync(params IReadOnlyList<string> words) => ToEndAsync(new ProcessCommand(words[0], words));

    /// <summary>The same, with an environment or something to read.</summary>
    public static Task<ProcessResult> ToEndAsync(ProcessCommand command, string input = "") =>
        ShortCommand.ResultAsync(command, Limit, input, TestContext.Current.CancellationToken);

    /// <summary>Runs the words to their end, for what is put away behind a test, whether or not that was cancelled.</summary>
    public static Task<ProcessResult> AfterwardsAsync(params IReadOnlyList<string> words) => ShortCommand.ResultAsync(new ProcessCommand(words[0], words), Limit);

    /// <summary>Runs the words to their end; fails the test unless their exit code is 0.</summary>
    /// <returns>What they wrote to stdout.</returns>
    public static async Task<string> WellAsync(params IReadOnlyList<string> words) => (await ToEndAsync(words)).Well(string.Join(' ', words));

    /// <summary>Fails the test unless the exit code is 0.</summary>
    /// <returns>What was written to stdout.</returns>
    public static string Well(this ProcessResult result, string what)
    {
        Assert.True(result.ExitCode == 0, $"'{what}' ended with {result.ExitCode}: {result.Errors}{result.Output}");
        return result.Output;
    }
}
