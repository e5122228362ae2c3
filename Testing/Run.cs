using Processes;
using Xunit;

namespace Testing;

/// <summary>Runs commands that end by themselves.</summary>
internal static class Run
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Runs a command until it ends, for at most a minute.</summary>
    public static Task<ProcessResult> ToEndAsync(params IReadOnlyList<string> words) => ToEndAsync(new ProcessCommand(words[0], words));

    /// <summary>The same, with environment variables or a text on stdin.</summary>
    public static Task<ProcessResult> ToEndAsync(ProcessCommand command, string input = "") =>
        ShortCommand.ResultAsync(command, Limit, input, TestContext.Current.CancellationToken);

    /// <summary>Runs a command that cleans up after a test, even if the test was cancelled.</summary>
    public static Task<ProcessResult> AfterwardsAsync(params IReadOnlyList<string> words) => ShortCommand.ResultAsync(new ProcessCommand(words[0], words), Limit);

    /// <summary>Runs a command until it ends; fails the test unless its exit code is 0.</summary>
    /// <returns>Its stdout.</returns>
    public static async Task<string> WellAsync(params IReadOnlyList<string> words) => (await ToEndAsync(words)).Well(string.Join(' ', words));

    /// <summary>Fails the test unless the exit code is 0.</summary>
    /// <returns>The stdout.</returns>
    public static string Well(this ProcessResult result, string what)
    {
        Assert.True(result.ExitCode == 0, $"'{what}' ended with {result.ExitCode}: {result.Errors}{result.Output}");
        return result.Output;
    }
}
