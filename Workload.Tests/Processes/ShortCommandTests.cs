using System.Globalization;
using Processes;
using Testing;
using Xunit;

namespace Workload.Tests.Processes;

[SystemTest]
public sealed class ShortCommandTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Result_OfAnyEnd_HasAllThatWasSaid()
    {
        var result = await ShortCommand.ResultAsync(Sh("cat; printf ' and no line end'; echo wrong >&2; exit 7"), Generous, "what it reads\n", Cancel);

        Assert.Equal(new ProcessResult(7, "what it reads\n and no line end", "wrong\n"), result);
    }

    [Fact]
    public async Task Result_OfWhatDoesNotEnd_KillsItAndItsChildren()
    {
        using var folder = new TempFolder();
        var file = folder.File("child");

        var error = await Assert.ThrowsAsync<ProcessFailedException>(
            () => ShortCommand.ResultAsync(Sh($"sleep 300 & echo $! > {file}; wait"), TimeSpan.FromSeconds(1), cancellation: Cancel));

        Assert.EndsWith("did not end within 1 s", error.Message, StringComparison.Ordinal);
        var child = int.Parse(await File.ReadAllTextAsync(file, Cancel), CultureInfo.InvariantCulture);
        await Eventually.TrueAsync(() => !ProcessTable.IsRunning(child));
    }

    [Fact]
    public async Task Result_WhenCancelled_SaysSo()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ShortCommand.ResultAsync(Sh("sleep 300"), Generous, cancellation: cancel.Token));
    }

    [Fact]
    public async Task Run_OfAFailure_TellsTheCodeAndTheLastWords()
    {
        var error = await Assert.ThrowsAsync<ProcessFailedException>(() => ShortCommand.RunAsync("sh", "-c", "echo 'no such table' >&2; exit 3"));

        Assert.Equal("'sh -c echo 'no such table' >&2; exit 3' ended with exit code 3\n  sh: no such table", error.Message);
    }

    private static ProcessCommand Sh(string script) => new("sh", "sh", "-c", script);
}
