using System.Text;
using Chassis.Records;
using Testing;
using Xunit;
using static Sidecar.Tests.Chassis.LetterLines;

namespace Sidecar.Tests.Chassis;

public sealed class KeptFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Kept => _folder.File("kept");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("fff\nfff\nv\n", "v\n")]
    [InlineData("v\nfffffff\nw\n", "v\nw\n")]
    [InlineData("fff\nvvv\n", "")]
    [InlineData("fff\nvv\n\n", "")]
    [InlineData("fff\nfff\n", "")]
    [InlineData("", "")]
    [InlineData("\n\n\n", "")]
    [InlineData("{\"cut\n{\"cut\n{\"cut\nf\nv\n", "")]
    [InlineData("fffffffff\nv\n{\"cut\n\n", "v\n{\"cut\n\n")]
    [InlineData("fffffffff\nv", "v\n")]
    [InlineData("v\nfffffffff", "v\n")]
    public void TakeFrom_AFile_TakesTheOthersLinesWhereOneSenderHasMoreThanHalf(string file, string kept)
    {
        Take(file, 100);
        Assert.Equal(kept, string.Concat(Read(Kept)));
    }

    [Fact]
    public void TakeFrom_NothingToTake_MakesNoFile()
    {
        Take("fff\nvvv\n", 100);
        Take("fff\n", 100);
        // Nobody's line has no room.
        Take("fffffff\n\n\n", 2);
        Assert.False(File.Exists(Kept));
    }

    [Fact]
    public void TakeFrom_AKeptFileThatWasCut_BeginsALineOfItsOwn()
    {
        _folder.Write("kept", "w\nw cut");
        Take("fffff\nv\n", 100);
        Assert.Equal("w\nw cut\nv\n", string.Concat(Read(Kept)));
    }

    [Fact]
    public void TakeFrom_NobodysLines_AreTakenOnlyWhereTheyPushOutNothing()
    {
        Take(Line('f', 30) + Line('v', 8) + Line('-', 8), 20);
        Assert.Equal(Line('v', 8) + Line('-', 8), string.Concat(Read(Kept)));
        Take(Line('f', 30) + Line('-', 8), 20);
        Assert.Equal(Line('v', 8) + Line('-', 8), string.Concat(Read(Kept)));
        // Where there is not room for all, those that are there make it first.
        Take(Line('f', 30) + Line('w', 8) + Line('-', 8), 20);
        Assert.Equal(Line('v', 8) + Line('w', 8), string.Concat(Read(Kept)));
    }

    [Fact]
    public void TakeFrom_MoreThanThereIsRoomFor_LetsTheOldestHalfGo()
    {
        _folder.Write("kept", Line('a', 25) + Line('b', 25) + Line('c', 25) + Line('d', 25));
        Take(Line('f', 100) + Line('e', 30), 100);
        Assert.Equal(Line('c', 25) + Line('d', 25) + Line('e', 30), string.Concat(Read(Kept)));
    }

    [Fact]
    public void TakeFrom_MoreThanThereIsRoomForAndOneSendersMostly_LetsThatSendersOldestGoFirst()
    {
        _folder.Write("kept", Line('v', 10) + string.Concat(Enumerable.Range(0, 4).Select(i => Numbered('m', i))) + Line('w', 10));
        Take(Line('f', 100) + Line('v', 10) + Numbered('m', 4), 100);
        Assert.Equal(Line('v', 10) + Numbered('m', 3) + Line('w', 10) + Line('v', 10) + Numbered('m', 4), string.Concat(Read(Kept)));
    }

    [Fact]
    public void TakeFrom_AFileLargerThanTheLimit_KeepsItsNewest()
    {
        _folder.Write("kept", Line('v', 10));
        Take(Line('f', 1000) + string.Concat("abcdefghijklmnopqrst".Where(c => c != 'f').Select(c => Line(c, 10))), 50);
        Assert.Equal(string.Concat("pqrst".Select(c => Line(c, 10))), string.Concat(Read(Kept)));
    }

    [Fact]
    public void TakeFrom_LinesLongerThanTheBuffer_AreKeptAndLeftOutWhole()
    {
        var (longest, longer) = (Line('v', 700_000), Line('w', 256 * 1024 + 1));
        Take(Line('f', 2_000_000) + longest + "f\n" + longer + "x\n", 1_000_000);
        Assert.Equal([longest, longer, "x\n"], Read(Kept));
        // There is no room: the longest, which has more than half, goes.
        Take(Line('f', 2_000_000) + Line('y', 300_000), 1_000_000);
        Assert.Equal([longer, "x\n", Line('y', 300_000)], Read(Kept));
    }

    [Theory]
    [InlineData(10_000_000)]
    [InlineData(900_000)]
    public void TakeFrom_StoppedWhileItWrites_ChangesNothing(int limit)
    {
        var old = _folder.Write("kept", Line('w', 500) + Line('x', 500));
        var before = File.ReadAllText(old);
        var file = _folder.Write("file", Line('f', 3_000_000) + string.Concat(Enumerable.Repeat(Line('v', 1000), 1000)));
        using var stop = new CancellationTokenSource();
        var length = 0L;
        LineSender senderOf = line =>
        {
            // Seen while it is written: nothing else makes these files grow.
            length = Math.Max(length, new[] { Kept, Kept + ".new" }.Where(File.Exists).Max(path => new FileInfo(path).Length));
            if (length > 300_000)
                stop.Cancel();
            return SenderOf(line);
        };

        Assert.Throws<OperationCanceledException>(() => new KeptFile(Kept, limit, senderOf).TakeFrom(file, stop.Token));

        Assert.True(length > 300_000);
        Assert.Equal(before, File.ReadAllText(old));
        Assert.Equal(["file", "kept"], Directory.GetFiles(_folder.Root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void TakeFrom_AnyFiles_DoesWhatAModelDoes()
    {
        for (var seed = 0; seed < Rounds.Of(200); seed++)
        {
            var random = new Random(seed);
            var limit = random.Next(1, 2000);
            var model = new List<string>();
            File.Delete(Kept);
            for (var i = 0; i < 8; i++)
            {
                var file = Some(random, limit);
                model = Model(model, file, limit);

                Take(string.Concat(file), limit);

                Assert.True(model.SequenceEqual(Read(Kept)), $"seed {seed}, file {i}");
                Assert.True(model.Sum(line => line.Length) <= limit, $"seed {seed}, file {i}");
            }
        }
    }

    // Of few senders, one of which may have most.
    private static List<string> Some(Random random, int limit)
    {
        var (flooder, share, total) = ("abc"[random.Next(3)], random.NextDouble(), random.Next(2 * limit));
        var lines = new List<string>();
        for (var length = 0; length < total; length += lines[^1].Length)
            lines.Add(Line(random.NextDouble() < share ? flooder : "abcde-"[random.Next(6)], random.Next(random.Next(20) == 0 ? 1000 : 100) + 2));
        return lines;
    }

    private static List<string> Model(List<string> kept, List<string> file, int limit)
    {
        if (Majority(file) is not { } flooder)
            return kept;
        var all = file.Where(line => Sender(line) != flooder).ToList();
        var others = all.Where(line => Sender(line) is not null).ToList();
        var room = limit - Bytes(kept) - 1;
        if (Bytes(others) <= room)
            return [.. kept, .. Bytes(all) <= room ? all : others];
        var old = kept.Where(line => Sender(line) is not null).ToList();
        List<string> both = [.. old, .. others];
        var surplus = Math.Max(0, Bytes(both) - Math.Min(limit, (Bytes(kept) / 2) + Bytes(others)));
        var most = Majority(old) ?? Majority(both);
        var first = both.Where(line => most is not null && Sender(line) == most).ToList();
        var gone = Oldest(first, surplus);
        // By reference: lines may be alike.
        gone = [.. gone, .. Oldest([.. both.Except(first, ReferenceEqualityComparer.Instance).Cast<string>()], surplus - Math.Min(surplus, Bytes(first)))];
        return [.. both.Except(gone, ReferenceEqualityComparer.Instance).Cast<string>()];
    }

    private static char? Majority(List<string> lines) => lines.GroupBy(Sender)
        .Where(group => 2 * group.Sum(line => line.Length) > Bytes(lines)).Select(group => group.Key).SingleOrDefault();

    private static List<string> Oldest(List<string> lines, int bytes) =>
        [.. lines.TakeWhile(line => bytes > 0 && (bytes -= line.Length) > int.MinValue)];

    private static int Bytes(List<string> lines) => lines.Sum(line => line.Length);

    private void Take(string file, long limit) =>
        new KeptFile(Kept, limit, SenderOf).TakeFrom(_folder.Write("file", Encoding.ASCII.GetBytes(file)), CancellationToken.None);
}
