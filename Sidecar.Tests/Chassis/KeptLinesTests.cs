using System.Text;
using Chassis.Records;
using Testing;
using Xunit;
using static Sidecar.Tests.Chassis.LetterLines;

namespace Sidecar.Tests.Chassis;

/// <summary>What a flood of one sender leaves of the others' lines, in files that are rotated.</summary>
public sealed class KeptLinesTests : IDisposable
{
    private const int Size = 1000;

    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ErrorLog _errors = new();

    private string Path => _folder.File("records.json");

    private string Leaving => Path + ".leaving";

    public void Dispose()
    {
        _errors.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Write_AFloodBehindOthersLines_LeavesThemAll(int keep)
    {
        var others = Enumerable.Range(0, 10).Select(i => Numbered("vw"[i % 2], i)).ToList();
        await using (var output = Open(keep))
        {
            foreach (var line in others)
                await WriteAsync(output, line);
            await FloodAsync(output, keep, 20 * (keep + 2) * Size);
        }

        Assert.Equal(others, All(keep).Where(line => Sender(line) != 'f'));
        Assert.Empty(_errors.Lines);
    }

    [Fact]
    public async Task Write_LinesAmongAFlood_AreAllThere()
    {
        await using var output = Open(keep: 1);
        var others = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            others.Add(Numbered('v', i));
            await WriteAsync(output, others[^1]);
            await FloodAsync(output, keep: 1, Size);
        }

        Assert.Equal(others, All(keep: 1).Where(line => Sender(line) == 'v'));
    }

    [Fact]
    public async Task Write_NobodysFlood_HasTheOldestDeletedAndNothingKept()
    {
        await using var output = Open(keep: 1);
        for (var i = 0; i < 200; i++)
            await WriteAsync(output, Numbered("vwx"[i % 3], i));
        await SettleAsync();
        Assert.Equal(["records.json", "records.json.1"], Names());
    }

    [Fact]
    public async Task Write_RotationByAgeAlone_KeepsNothing()
    {
        await using var output = LineOutput.Open(
            Path, "--records", new LineRotation(null, TimeSpan.FromHours(1), Keep: 0) { SenderOf = SenderOf }, _time, _errors);
        await WriteAsync(output, Numbered('v', 0) + Numbered('f', 0) + Numbered('f', 0));
        _time.Advance(TimeSpan.FromHours(1));
        await WriteAsync(output, Numbered('f', 1));
        Assert.Equal(["records.json"], Names());
    }

    [Fact]
    public async Task Write_ASecondFlood_DoesNotPushTheFirstOnesVictimOut()
    {
        await using var output = Open(keep: 1);
        await WriteAsync(output, Numbered('v', 0));
        await FloodAsync(output, keep: 1, 4 * Size);
        // The one has more than half of each file; the other, almost half, all of what is kept.
        for (var i = 0; i < 1000; i++)
        {
            await WriteAsync(output, Numbered('f', i) + Numbered('m', i) + "f\n");
            await CheckBoundAsync(keep: 1);
        }

        Assert.Contains('m', Read(Path + ".kept").Select(line => Sender(line)!.Value));
        Assert.Equal(Numbered('v', 0), Assert.Single(Read(Path + ".kept"), line => Sender(line) == 'v'));
    }

    [Fact]
    public async Task Open_AFileThatWasLeftAside_HasItsLinesKept()
    {
        _folder.Write("records.json.leaving", Numbered('v', 0) + Line('f', 200));
        _folder.Write("records.json.kept.new", Numbered('w', 0));
        await using var output = Open(keep: 1);
        await SettleAsync();
        Assert.Equal([Numbered('v', 0)], Read(Path + ".kept"));
        Assert.Equal(["records.json", "records.json.kept"], Names());
    }

    [Fact]
    public async Task Write_WhatIsKeptCannotBeWritten_GoesOnAndIsToldOnce()
    {
        Directory.CreateDirectory(Path + ".kept");
        await using var output = Open(keep: 1);
        await WriteAsync(output, Numbered('v', 0));
        await FloodAsync(output, keep: 1, 3 * Size);
        await WriteAsync(output, Numbered('w', 0));
        await FloodAsync(output, keep: 1, 4 * Size);

        Assert.Contains("cannot be kept", Assert.Single(_errors.Lines), StringComparison.Ordinal);
        Assert.Equal((0, false), (output.Lost, File.Exists(Leaving)));

        Directory.Delete(Path + ".kept");
        await WriteAsync(output, Numbered('x', 0));
        await FloodAsync(output, keep: 1, 4 * Size);
        Assert.Equal([Numbered('x', 0)], Read(Path + ".kept"));
        Assert.Single(_errors.Lines);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Write_TheOldestCannotBePutAside_RotatesWithoutItAndIsToldOnce(int keep)
    {
        Directory.CreateDirectory(Leaving);
        await using var output = Open(keep);
        for (var i = 0; i < 500; i++)
            await WriteAsync(output, Numbered(i == 0 ? 'v' : 'f', i));

        Assert.Contains("cannot be kept", Assert.Single(_errors.Lines), StringComparison.Ordinal);
        Assert.Equal(0, output.Lost);
        // 50 lines a file.
        Assert.Equal(50 * (keep + 1), All(keep).Count);
    }

    [Fact]
    public async Task Begin_NoRoomForWhatIsKept_LeavesNoHalfLineAndIsToldOnce()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for a small file system");
        await using var space = await SmallFileSystem.CreateAsync();
        var path = System.IO.Path.Combine(space.Root, "records.json");
        var another = path + ".another";
        var others = string.Concat(Enumerable.Repeat(Line('v', 1000), 11));
        await File.WriteAllTextAsync(path + ".kept", Line('w', 100), TestContext.Current.CancellationToken);
        await using var lines = new KeptLines(path, 24 * 1024, SenderOf, _errors);
        for (var i = 0; i < 3; i++)
        {
            // The file has 24 KB of the 64, of which 11 are others'.
            await File.WriteAllTextAsync(path, others + Line('f', 12 * 1024), TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(another, new byte[i == 2 ? 0 : 32 * 1024], TestContext.Current.CancellationToken);
            Assert.True(lines.TryPutAside(path));
            lines.Begin();
            await lines.Idle;

            Assert.Equal(Line('w', 100) + (i == 2 ? others : ""), string.Concat(Read(path + ".kept")));
            Assert.False(File.Exists(path + ".leaving"));
        }

        Assert.Contains("No space left", Assert.Single(_errors.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WhileAFileIsRead_LeavesItForTheNextStart()
    {
        using var reached = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        LineSender slow = line =>
        {
            reached.Release();
            goOn.Wait();
            return SenderOf(line);
        };
        _folder.Write("records.json.leaving", Numbered('v', 0) + Line('f', 1_000_000));
        var output = LineOutput.Open(Path, "--records", new LineRotation(Size, null, 1) { SenderOf = slow }, _time, _errors);
        await reached.WaitAsync(TestContext.Current.CancellationToken);
        // Lines do not wait for it.
        await WriteAsync(output, Numbered('w', 0));
        var ending = output.DisposeAsync().AsTask();
        goOn.Set();
        await ending;
        Assert.Equal(["records.json", "records.json.leaving"], Names());

        await using var again = Open(keep: 1);
        await SettleAsync();
        Assert.Equal([Numbered('v', 0)], Read(Path + ".kept"));
        Assert.Equal([Numbered('w', 0)], Read(Path));
    }

    [Fact]
    public async Task Write_AFileThatIsStillRead_PutsTheNextRotationOff()
    {
        using var goOn = new ManualResetEventSlim();
        LineSender slow = line =>
        {
            goOn.Wait();
            return SenderOf(line);
        };
        _folder.Write("records.json.leaving", Line('f', 100));
        await using var output = LineOutput.Open(Path, "--records", new LineRotation(30, null, 1) { SenderOf = slow }, _time, _errors);
        await WriteAsync(output, Numbered('v', 0));
        var writing = WriteAsync(output, Numbered('v', 1)).AsTask();
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await writing;
        await WriteAsync(output, Numbered('v', 2));
        Assert.Equal(Enumerable.Range(0, 3).Select(i => Numbered('v', i)), Read(Path));
        Assert.Contains("still being read", Assert.Single(_errors.Lines), StringComparison.Ordinal);

        goOn.Set();
        await SettleAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(output, Numbered('v', 3));
        Assert.Equal([Numbered('v', 3)], Read(Path));
    }

    private LineOutput Open(int keep) =>
        LineOutput.Open(Path, "--records", new LineRotation(Size, null, keep) { SenderOf = SenderOf }, _time, _errors);

    private static ValueTask WriteAsync(LineOutput output, string lines) => output.WriteAsync(Encoding.ASCII.GetBytes(lines), 1);

    private async Task FloodAsync(LineOutput output, int keep, int bytes)
    {
        for (; bytes > 0; bytes -= 50)
        {
            await WriteAsync(output, Line('f', 50));
            await CheckBoundAsync(keep);
        }
    }

    private async Task CheckBoundAsync(int keep)
    {
        // While a file is aside, what is kept may be there twice, and the newest file has its first line.
        Assert.InRange(Bytes(), 0, ((keep + 3) * Size) + 50);
        await SettleAsync();
        Assert.InRange(Bytes(), 0, (keep + 2) * Size);
    }

    // A file is put aside within the write that rotates.
    private Task SettleAsync() => Eventually.TrueAsync(() => !File.Exists(Leaving));

    private long Bytes() => Directory.GetFiles(_folder.Root).Sum(path =>
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    });

    private IEnumerable<string> Names() => Directory.GetFileSystemEntries(_folder.Root).Select(System.IO.Path.GetFileName).Order()!;

    // The oldest first.
    private List<string> All(int keep) =>
        [.. Read(Path + ".kept"), .. Enumerable.Range(1, keep).Reverse().SelectMany(i => Read($"{Path}.{i}")), .. Read(Path)];
}
