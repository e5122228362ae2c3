using System.Text;
using Chassis;
using Sidecar.Records.Command;
using Testing;
using Xunit;

namespace Sidecar.Tests.Records.Command;

[SystemTest]
public sealed class RecordLinesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lines_OfAFile_AreReadToItsEnd()
    {
        var path = _folder.File("records");
        await File.WriteAllTextAsync(path, $"one\n\n{new string('x', 100_000)}\nlast", TestContext.Current.CancellationToken);

        Assert.Equal(["one", "", new string('x', 100_000), "last"], await ReadAsync(new RecordLines(follow: false, () => Task.CompletedTask), path));
    }

    [Fact]
    public async Task Line_LongerThanAnyRecord_IsSkippedAndCounted()
    {
        var path = _folder.File("records");
        await File.WriteAllTextAsync(path, $"one\n{new string('x', 30_000_000)}\ntwo\n{new string('y', 13_000_000)}", TestContext.Current.CancellationToken);
        var lines = new RecordLines(follow: false, () => Task.CompletedTask);

        Assert.Equal(["one", "two"], await ReadAsync(lines, path));
        Assert.Equal(2, lines.TooLong);
    }

    [Fact]
    public async Task Follow_OfAFileThatGrowsAndIsReplaced_ReadsOn()
    {
        var path = _folder.File("records");
        await File.WriteAllTextAsync(path, "1\n2\n", TestContext.Current.CancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var seen = new List<string>();

        await foreach (var line in new RecordLines(follow: true, () => Task.CompletedTask).ReadAsync(path, stop.Token))
        {
            seen.Add(Encoding.UTF8.GetString(line.Span));
            if (seen[^1] == "2")
                await File.AppendAllTextAsync(path, "3 in two", stop.Token);
            if (seen[^1] == "2")
                await File.AppendAllTextAsync(path, " pieces\n", stop.Token);
            if (seen[^1] == "3 in two pieces")
            {
                File.Move(path, path + ".1");
                await File.WriteAllTextAsync(path, "4\n", stop.Token);
            }

            if (seen[^1] == "4")
                await stop.CancelAsync();
        }

        Assert.Equal(["1", "2", "3 in two pieces", "4"], seen);
    }

    [Fact]
    public async Task Reader_WhoHasLeftWhileMoreIsWaitedFor_EndsWithItsOwnError()
    {
        // A pipe that brings nothing: the read goes on while what was shown so far is flushed.
        var path = _folder.File("pipe");
        await using var made = ProgramProcess.StartCommand("mkfifo", path);
        Assert.Equal(0, await made.ExitCodeAsync());
        await using var writer = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

        var error = await Assert.ThrowsAsync<IOException>(() => ReadAsync(new RecordLines(follow: false, () => throw new IOException("left")), path));

        Assert.Equal("left", error.Message);
    }

    [Fact]
    public async Task File_ThatIsNotThere_IsAnErrorThatNamesIt()
    {
        var error = await Assert.ThrowsAsync<UsageException>(() => ReadAsync(new RecordLines(follow: false, () => Task.CompletedTask), _folder.File("none")));
        Assert.Contains("none'", error.Message, StringComparison.Ordinal);
    }

    private static async Task<List<string>> ReadAsync(RecordLines lines, string path)
    {
        var all = new List<string>();
        await foreach (var line in lines.ReadAsync(path, TestContext.Current.CancellationToken))
            all.Add(Encoding.UTF8.GetString(line.Span));
        return all;
    }
}
