using System.Text;
using Chassis;
using Chassis.Records;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class LineOutputTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ErrorLog _errors = new();

    private string Path => _folder.File("records.json");

    public void Dispose()
    {
        _errors.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Write_BySize_RotatesBetweenBatchesAndKeepsSoManyOldFiles()
    {
        await using var output = Open(new LineRotation(10, null, Keep: 2));
        foreach (var line in new[] { "aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n", "ffff\n", "gggg\n", "a line longer than a file may be\n", "h\n" })
            await WriteAsync(output, line);

        Assert.Equal("h\n", Read(Path));
        Assert.Equal("a line longer than a file may be\n", Read(Path + ".1"));
        Assert.Equal("gggg\n", Read(Path + ".2"));
        Assert.False(File.Exists(Path + ".3"));
    }

    [Fact]
    public async Task Write_BySizeKeepingNone_DeletesWhatWasWritten()
    {
        await using var output = Open(new LineRotation(5, null, Keep: 0));
        await WriteAsync(output, "aaaa\n");
        await WriteAsync(output, "bbbb\n");
        Assert.Equal(["records.json"], Directory.GetFiles(_folder.Root).Select(f => System.IO.Path.GetFileName(f)));
        Assert.Equal("bbbb\n", Read(Path));
    }

    [Fact]
    public async Task Write_ByAge_RotatesWhenALineComesAndNeverAnEmptyFile()
    {
        await using var output = Open(new LineRotation(null, TimeSpan.FromHours(1), Keep: 5));
        _time.Advance(TimeSpan.FromHours(3));
        await WriteAsync(output, "a\n");
        _time.Advance(TimeSpan.FromMinutes(59));
        await WriteAsync(output, "b\n");
        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(output, "c\n");
        Assert.Equal(("c\n", "a\nb\n"), (Read(Path), Read(Path + ".1")));
    }

    [Fact]
    public async Task Write_FileFromBefore_CountsAgainstTheSize()
    {
        _folder.Write("records.json", "aaaaaa\n");
        await using var output = Open(new LineRotation(10, null, Keep: 1));
        await WriteAsync(output, "bbbbbb\n");
        Assert.Equal(("bbbbbb\n", "aaaaaa\n"), (Read(Path), Read(Path + ".1")));
    }

    [Fact]
    public async Task Write_RotationThatFails_GoesOnInTheSameFileAndIsTriedAgainLater()
    {
        await using var output = Open(new LineRotation(5, null, Keep: 1));
        // A folder in its way cannot be replaced.
        Directory.CreateDirectory(Path + ".1");
        await WriteAsync(output, "aaaa\n");
        await WriteAsync(output, "bbbb\n");
        await WriteAsync(output, "cccc\n");
        Assert.Equal("aaaa\nbbbb\ncccc\n", Read(Path));
        Assert.Single(_errors.Lines);
        Assert.Equal(0, output.Lost);

        Directory.Delete(Path + ".1");
        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(output, "dddd\n");
        Assert.Equal(("dddd\n", "aaaa\nbbbb\ncccc\n"), (Read(Path), Read(Path + ".1")));
    }

    [Fact]
    public async Task Write_ALink_IsNotRotated()
    {
        var file = _folder.Write("real.json", "");
        File.CreateSymbolicLink(Path, file);
        await using var output = Open(new LineRotation(5, null, Keep: 1));
        await WriteAsync(output, "aaaa\n");
        await WriteAsync(output, "bbbb\n");
        Assert.Equal("aaaa\nbbbb\n", Read(file));
    }

    [Fact]
    public async Task Reopen_FileThatWasRenamed_GoesOnInANewOne()
    {
        await using var output = Open();
        await WriteAsync(output, "a\n");
        File.Move(Path, Path + ".old");
        await WriteAsync(output, "b\n");
        await output.ReopenAsync();
        Assert.Equal("", Read(Path));
        await WriteAsync(output, "c\n");
        Assert.Equal(("c\n", "a\nb\n"), (Read(Path), Read(Path + ".old")));
    }

    [Fact]
    public async Task Reopen_ThatFails_GoesOnInTheOldFile()
    {
        await using var output = Open();
        File.Move(Path, Path + ".old");
        Directory.CreateDirectory(Path);
        await output.ReopenAsync();
        await WriteAsync(output, "a\n");
        Assert.Equal("a\n", Read(Path + ".old"));
        Assert.Contains("cannot be reopened", Assert.Single(_errors.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_FileCutByAnother_HasNoHole()
    {
        await using var output = Open();
        await WriteAsync(output, "aaaaaaaa\n");
        File.WriteAllBytes(Path, []);
        await WriteAsync(output, "b\n");
        Assert.Equal("b\n", Read(Path));
    }

    [Fact]
    public async Task Open_FileThatEndsWithinALine_BeginsAnother()
    {
        _folder.Write("records.json", "{\"a\":");
        await using var output = Open();
        await WriteAsync(output, "{}\n");
        Assert.Equal("{\"a\":\n{}\n", Read(Path));
    }

    [Fact]
    public async Task Write_FullFolder_LeavesNoHalfLineIsToldOnceAndWorksAgainWithRoom()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for a small file system");
        await using var space = await SmallFileSystem.CreateAsync();
        var path = System.IO.Path.Combine(space.Root, "records.json");
        await using var output = LineOutput.Open(path, "--records", null, _time, _errors);
        var batch = string.Concat(Enumerable.Repeat(new string('x', 999) + "\n", 50));
        for (var i = 0; i < 4; i++)
            await WriteAsync(output, batch, 50);

        Assert.Equal(150, output.Lost);
        Assert.Equal(batch, Read(path));
        Assert.Contains("No space left", Assert.Single(_errors.Lines), StringComparison.Ordinal);
        File.WriteAllBytes(path, []);
        await WriteAsync(output, "again\n");
        Assert.Equal((150, "again\n"), (output.Lost, Read(path)));
    }

    [Fact]
    public async Task Write_ADeviceThatIsFull_IsToldOnce()
    {
        await using var output = LineOutput.Open("/dev/full", "--records", new LineRotation(1, null, 1), _time, _errors);
        await WriteAsync(output, "a\n");
        await WriteAsync(output, "b\n");
        Assert.Equal(2, output.Lost);
        Assert.Single(_errors.Lines);
        Assert.True(File.Exists("/dev/full"));
    }

    [Fact]
    public async Task Write_AStreamThatTookHalfALine_BeginsTheNextOnItsOwn()
    {
        var stream = new FailingStream();
        await using var output = new LineOutput(stream, _errors);
        await WriteAsync(output, "first\n");
        stream.TakesOnly = 3;
        await WriteAsync(output, "second\n");
        stream.TakesOnly = int.MaxValue;
        await WriteAsync(output, "third\n");
        await WriteAsync(output, "fourth\n");
        Assert.Equal("first\nsec\nthird\nfourth\n", Encoding.ASCII.GetString(stream.Taken.ToArray()));
        Assert.Equal(1, output.Lost);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("/nonexistent/records.json")]
    public void Open_NoFile_IsAUsageError(string path) => Assert.StartsWith(
        $"--records '{path.Split('\0')[0]}",
        Assert.Throws<UsageException>(() => LineOutput.Open(path, "--records", null, _time, _errors)).Message, StringComparison.Ordinal);

    private LineOutput Open(LineRotation? rotation = null) => LineOutput.Open(Path, "--records", rotation, _time, _errors);

    private static ValueTask WriteAsync(LineOutput output, string lines, int count = 1) => output.WriteAsync(Encoding.ASCII.GetBytes(lines), count);

    private static string Read(string path) => File.ReadAllText(path);

    /// <summary>A pipe, for example, with a reader that leaves.</summary>
    private sealed class FailingStream : Stream
    {
        public int TakesOnly { get; set; } = int.MaxValue;

        public List<byte> Taken { get; } = [];

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            Taken.AddRange(buffer.AsSpan(offset, Math.Min(count, TakesOnly)));
            if (count > TakesOnly)
                throw new IOException("gone");
        }
    }
}
