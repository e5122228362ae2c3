using System.Text;
using Chassis;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Sidecar.Records.Exchanges.Outputs.Spools;
using Sidecar.Tests.Chassis;
using Testing;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Outputs.Spools;

/// <summary>Batches on disk: in order, each as it was or counted as lost, whatever happens to the files.</summary>
public sealed class SpoolTests : IDisposable
{
    private const int Kilobyte = 1024;

    private static readonly DateTimeOffset Day = new(2026, 11, 30, 23, 59, 59, TimeSpan.Zero);

    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly TempFolder _temp = new();
    private byte[] _buffer = [];

    private string Folder => _temp.File("spool");

    private string[] Files => [.. Directory.GetFiles(Folder, "*.spool").Order(StringComparer.Ordinal)];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Batches_ComeBackInOrderAsTheyWere_AlsoAfterARestart()
    {
        var batches = Enumerable.Range(0, 10).Select(i => Batch(i)).ToList();
        using (var spool = Open())
        {
            foreach (var batch in batches)
                spool.Append(batch, isUnderWay: false);
            Assert.Equal(new SpoolFill(new FileInfo(Files.Single()).Length, batches.Sum(batch => batch.Count), 0, 0), spool.Fill);
            Assert.Equal(batches.Take(3).Select(Text), TakeAndSettle(spool, 3));
            // It was sent, and the process ended before it knew.
            Assert.Equal(Text(batches[3]), Text(spool.Take(ref _buffer)!.Value));
        }

        using var again = Open();
        Assert.Equal(batches.Skip(3).Sum(batch => batch.Count), again.Fill.Records);
        again.Append(Batch(10), isUnderWay: false);
        Assert.Equal(batches.Skip(3).Append(Batch(10)).Select(Text), TakeAndSettle(again, int.MaxValue));
        Assert.Empty(Files);
        Assert.Equal(default, again.Fill);
        Assert.Contains("records that were not sent; they go first", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void BatchUnderWay_ThatArrives_IsNotInTheSpoolAnyMore()
    {
        using var spool = Open();
        spool.Append(Batch(0), isUnderWay: true);
        spool.Append(Batch(1), isUnderWay: false);
        spool.Settle(isSent: true);

        Assert.Equal([Text(Batch(1))], TakeAndSettle(spool, int.MaxValue));
        // From memory alone.
        spool.Settle(isSent: true);
        Assert.Equal(default, spool.Fill);
    }

    [Fact]
    public void BatchUnderWay_ThatIsGivenUp_Stays()
    {
        using (var spool = Open())
        {
            spool.Append(Batch(0), isUnderWay: true);
            spool.Settle(isSent: false);
        }

        using var again = Open();
        Assert.Equal([Text(Batch(0))], TakeAndSettle(again, int.MaxValue));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Limit_DropsTheOldestFile_AndCountsEachRecordOnce(bool arrives)
    {
        using var spool = Open();
        var line = new string('x', 200 * Kilobyte);
        spool.Append(Batch(0, line), isUnderWay: true);
        var produced = Batch(0).Count;
        for (var i = 1; i < 200; i++)
        {
            spool.Append(Batch(i, line), isUnderWay: false);
            produced += Batch(i).Count;
            Assert.Equal(Files.Sum(file => new FileInfo(file).Length), spool.Fill.Bytes);
            Assert.InRange(spool.Fill.Bytes, 0, SpoolOptions.SmallestLimit);
            Assert.Equal(produced, spool.Fill.Records + spool.Fill.Dropped);
        }

        // The one under way was the first to be dropped, and is not lost before it is given up.
        var before = spool.Fill;
        Assert.True(before.Dropped > 0);
        spool.Settle(arrives);
        Assert.Equal(arrives ? before.Dropped : before.Dropped + Batch(0).Count, spool.Fill.Dropped);
        Assert.Equal(before.Records - Batch(0).Count, spool.Fill.Records);
        var left = TakeAndSettle(spool, int.MaxValue);
        // The newest ones, in order.
        Assert.Equal(Enumerable.Range(200 - left.Count, left.Count).Select(i => Text(Batch(i, line))), left);
        Assert.Contains("has its 16MB of records that wait: the oldest are dropped", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_OfTheLongestLine_HasRoomInTheSmallestSpool()
    {
        using var spool = Open();
        var line = new string('x', 1024 * Kilobyte);
        for (var i = 0; i < 40; i++)
            spool.Append(Batch(i, line), isUnderWay: false);

        Assert.InRange(spool.Fill.Bytes, SpoolOptions.SmallestLimit * 3 / 4, SpoolOptions.SmallestLimit);
        Assert.Equal(Text(Batch(39, line)), TakeAndSettle(spool, int.MaxValue)[^1]);
    }

    [Fact]
    public void File_CutAtEveryByte_HasItsWholeBatchesAndNothingElse()
    {
        var batches = WriteThree();
        var whole = File.ReadAllBytes(Files.Single());
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(Path.Combine(Folder, "0000000000000001.spool"), whole[..length]);
            using var spool = Open();
            Assert.Equal(0, spool.Fill.Dropped);
            var left = TakeAndSettle(spool, int.MaxValue);
            Assert.Equal(batches.Take(left.Count).Select(Text), left);
            // One batch was cut at most, and all before it are there; if its header is there, it is counted.
            var lost = spool.Fill.Damaged;
            Assert.True(lost == 0 || lost == batches[left.Count].Count);
            Assert.Equal(length == whole.Length, left.Count == 3);
            Assert.Empty(Files);
            Assert.Equal((0, 0), (spool.Fill.Bytes, spool.Fill.Records));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void File_WithAnyByteChanged_GivesNothingThatWasNotPutIn(bool isRunning)
    {
        var batches = WriteThree().Select(Text).ToList();
        var path = Files.Single();
        var whole = File.ReadAllBytes(path);
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, isRunning ? whole : changed);
            using var spool = Open();
            if (isRunning)
                File.WriteAllBytes(path, changed);
            var left = TakeAndSettle(spool, int.MaxValue);
            // Those that are left are whole, in order, and at most what is behind a header is missing.
            Assert.Equal(batches.Where(left.Contains), left);
            if (isRunning)
                Assert.Equal(6, left.Sum(Count) + spool.Fill.Damaged);
            Assert.Empty(Files);
            Assert.Equal((0, 0), (spool.Fill.Bytes, spool.Fill.Records));
        }
    }

    [Fact]
    public void Files_OfAnyBytes_AreNeverRecords()
    {
        var random = new Random(7);
        Directory.CreateDirectory(Folder);
        for (var round = 0; round < 500; round++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            byte[] title = round % 2 == 0 ? SpoolSegment.Title("elasticsearch ecs") : [];
            File.WriteAllBytes(Path.Combine(Folder, "0000000000000001.spool"), [.. title, .. round % 3 == 0 ? "LINE"u8 : [], .. bytes]);
            using var spool = Open();
            Assert.Null(spool.Take(ref _buffer));
            Assert.Empty(Files);
        }
    }

    [Fact]
    public void File_ThatIsRemovedWhileItWaits_IsCountedAndTheNextOnesGoOn()
    {
        using var spool = Open();
        var line = new string('x', 400 * Kilobyte);
        for (var i = 0; i < 4; i++)
            spool.Append(Batch(i, line), isUnderWay: false);
        File.Delete(Files[1]);

        Assert.Equal([0, 2, 3], TakeAndSettle(spool, int.MaxValue).Select(text => int.Parse(text.Split(' ')[2])));
        Assert.Equal(Batch(1).Count, spool.Fill.Damaged);
    }

    [Fact]
    public void Files_OfOtherNames_StayAsTheyAre()
    {
        WriteThree();
        File.WriteAllText(Path.Combine(Folder, "notes.spool"), "mine");
        File.WriteAllText(Path.Combine(Folder, "notes"), "mine");
        using var spool = Open();

        Assert.Equal(3, TakeAndSettle(spool, int.MaxValue).Count);
        Assert.Equal(["lock", "notes", "notes.spool"], Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Folder_AndFiles_AreForThisUserAlone()
    {
        using var spool = Open();
        spool.Append(Batch(0), isUnderWay: false);

        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
        foreach (var file in Directory.GetFiles(Folder))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void Folder_OfAnotherProcess_IsOneLine()
    {
        using var first = Open();

        var error = Assert.Throws<UsageException>(() => Open());
        Assert.Equal($"records.0.spool '{Folder}': another process uses it; give each sidecar a folder of its own", Assert.Single(error.Lines));
    }

    [Fact]
    public void Folder_WithRecordsOfAnotherFormat_IsOneLine()
    {
        WriteThree();

        var error = Assert.Throws<UsageException>(() => Open("otlp otel"));
        Assert.Equal($"records.0.spool '{Folder}': it has records of elasticsearch ecs (0000000000000001.spool); send them with the settings of then, or give another folder", Assert.Single(error.Lines));
        // And all are still there.
        using var spool = Open();
        Assert.Equal(3, TakeAndSettle(spool, int.MaxValue).Count);
    }

    [Theory]
    [InlineData("/proc/spool")]
    [InlineData("/dev/null")]
    [InlineData("/dev/null/spool")]
    public void Folder_ThatCannotBe_IsOneLineAtTheStartAndInTheCheck(string folder)
    {
        var options = new SpoolOptions(folder, SpoolOptions.SmallestLimit, "records.0.spool");

        Assert.All([() => options.Check(), () => Spool.Open(options, "otlp otel", _log).Dispose()], (Action act) =>
            Assert.StartsWith($"records.0.spool '{folder}", Assert.Single(Assert.Throws<UsageException>(act).Lines), StringComparison.Ordinal));
    }

    [Fact]
    public void Check_OfAFolderThatCanBe_ChangesNothing()
    {
        var options = new SpoolOptions(Folder, SpoolOptions.SmallestLimit, "records.0.spool");
        options.Check();
        Assert.False(Directory.Exists(Folder));
        using var spool = Open();
        options.Check();
    }

    [Fact]
    public async Task Disk_ThatIsFull_TakesWhatHasRoomAndLeavesNoPartOfTheRest()
    {
        await using var small = await SmallFileSystem.CreateAsync();
        using (var spool = Spool.Open(new SpoolOptions(small.Root, SpoolOptions.SmallestLimit, "records.0.spool"), "elasticsearch ecs", _log))
        {
            var stored = 0;
            while (true)
            {
                try
                {
                    spool.Append(Batch(stored, new string('x', 7 * Kilobyte)), isUnderWay: false);
                    stored++;
                }
                catch (IOException)
                {
                    break;
                }
            }

            Assert.InRange(stored, 2, 8);
            Assert.Throws<IOException>(() => spool.Append(Batch(stored, new string('x', 7 * Kilobyte)), isUnderWay: false));
        }

        using var again = Spool.Open(new SpoolOptions(small.Root, SpoolOptions.SmallestLimit, "records.0.spool"), "elasticsearch ecs", _log);
        Assert.Equal(0, again.Fill.Damaged);
        var left = TakeAndSettle(again, int.MaxValue);
        Assert.Equal(Enumerable.Range(0, left.Count).Select(i => Text(Batch(i, new string('x', 7 * Kilobyte)))), left);
    }

    [Theory]
    [InlineData("123456789", 0xE3069283)]
    [InlineData("", 0)]
    public void Checksum_IsThatOfTheCatalogue(string text, uint expected) => Assert.Equal(expected, SpoolFrame.Checksum(Encoding.ASCII.GetBytes(text)));

    private Spool Open(string content = "elasticsearch ecs") => Spool.Open(new SpoolOptions(Folder, SpoolOptions.SmallestLimit, "records.0.spool"), content, _log);

    private List<LineBatch> WriteThree()
    {
        List<LineBatch> batches = [Batch(0), Batch(1), Batch(2)];
        using var spool = Open();
        foreach (var batch in batches)
            spool.Append(batch, isUnderWay: false);
        return batches;
    }

    private List<string> TakeAndSettle(Spool spool, int most)
    {
        var taken = new List<string>();
        while (taken.Count < most && spool.Take(ref _buffer) is { } batch)
        {
            taken.Add(Text(batch));
            spool.Settle(isSent: true);
        }

        return taken;
    }

    // Of one to three lines.
    private static LineBatch Batch(int number, string line = "{\"a\":\"\u00e4\"}") =>
        new(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line + "\n", 1 + (number % 3)))), 1 + (number % 3), 0xfedcba9876543210, number, Day.AddTicks(number));

    private static string Text(LineBatch batch) => $"{batch.Count} {batch.Source:x} {batch.First} {batch.Time:O} {Encoding.UTF8.GetString(batch.Lines.Span)}";

    private static int Count(string text) => int.Parse(text.Split(' ')[0]);
}
