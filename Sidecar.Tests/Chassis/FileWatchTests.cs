using Chassis;
using Chassis.Settings;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

[SystemTest]
public sealed class FileWatchTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TempFolder _folder = new();
    private string? _text = "one";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Look_ATextThatTwoLooksSaw_IsTakenOnce()
    {
        var watch = new FileWatch("f", Read, "one", _time);
        Assert.Null(await watch.LookAsync(told: false, Cancellation));

        _text = "half of tw";
        Assert.Null(await watch.LookAsync(told: false, Cancellation));
        _text = "two";
        Assert.Null(await watch.LookAsync(told: false, Cancellation));

        Assert.Equal("two", (await watch.LookAsync(told: false, Cancellation))?.Text);
        Assert.Null(await watch.LookAsync(told: false, Cancellation));
    }

    [Fact]
    public async Task Look_AFileThatIsGoneAndComesBack_IsToldOfBoth()
    {
        var watch = new FileWatch("f", Read, "one", _time);
        _text = null;
        await watch.LookAsync(told: false, Cancellation);
        Assert.Equal("gone", (await watch.LookAsync(told: false, Cancellation))?.Error);

        _text = "one";
        await watch.LookAsync(told: false, Cancellation);
        Assert.Equal("one", (await watch.LookAsync(told: false, Cancellation))?.Text);
    }

    [Fact]
    public async Task Run_ToldTo_CallsBackAtOnceThoughNothingHasChanged()
    {
        await using var watch = Start("f", Read, "one");

        watch.File.Tell();
        await Eventually.TrueAsync(() => watch.Changes == 1);
    }

    [Theory]
    [InlineData("written in place")]
    [InlineData("renamed over")]
    [InlineData("removed and made")]
    [InlineData("swapped by a ConfigMap")]
    public async Task Run_AChangeInTheFolder_IsTakenWithoutASlowLook(string how)
    {
        var path = how == "swapped by a ConfigMap" ? MakeConfigMap("one") : _folder.Write("sidecar.yml", "one");
        await using var watch = Start(path, () => File.ReadAllText(path), "one");
        await LooksAsync(watch, FileWatch.SlowInterval);

        switch (how)
        {
            case "written in place":
                File.WriteAllText(path, "two");
                break;
            case "renamed over":
                File.Move(_folder.Write("new", "two"), path, overwrite: true);
                break;
            case "removed and made":
                File.Delete(path);
                File.WriteAllText(path, "two");
                break;
            default:
                await SwapConfigMapAsync("two");
                break;
        }

        // Nothing but the kernel's news makes the next look due so soon.
        await Eventually.TrueAsync(() => _time.HasTimerDueIn(FileWatch.Interval));
        await LooksAsync(watch, FileWatch.Interval);
        Assert.Equal(0, watch.Changes);
        await LooksAsync(watch, FileWatch.SlowInterval);
        Assert.Equal(1, watch.Changes);
    }

    [Fact]
    public async Task Run_ManyChangesInARow_DoNotPutTheLookOff()
    {
        var path = _folder.Write("sidecar.yml", "one");
        await using var watch = Start(path, () => File.ReadAllText(path), "one");
        await LooksAsync(watch, FileWatch.SlowInterval);
        File.WriteAllText(path, "two");
        await Eventually.TrueAsync(() => _time.HasTimerDueIn(FileWatch.Interval));
        _time.Advance(FileWatch.Interval / 2);
        for (var i = 0; i < 100; i++)
            File.WriteAllText(path, $"{i}");
        await Task.Delay(50, Cancellation);

        Assert.True(_time.HasTimerDueIn(FileWatch.Interval / 2));
    }

    [Fact]
    public async Task Run_ALinkIntoAnotherFolder_IsSeenByTheSlowLook()
    {
        Directory.CreateDirectory(_folder.File("link"));
        var target = _folder.Write("target.yml", "one");
        var path = _folder.File("link/sidecar.yml");
        File.CreateSymbolicLink(path, target);
        await using var watch = Start(path, () => File.ReadAllText(path), "one");
        await LooksAsync(watch, FileWatch.SlowInterval);
        File.WriteAllText(target, "two");
        await LooksAsync(watch, FileWatch.Interval);
        await LooksAsync(watch, FileWatch.SlowInterval);
        Assert.Equal(1, watch.Changes);
    }

    [Fact]
    public async Task Run_AFolderThatIsReplaced_IsWatchedAgainAfterTheSlowLook()
    {
        var path = _folder.Write("etc/sidecar.yml", "one");
        await using var watch = Start(path, () => File.ReadAllText(path), "one");
        await LooksAsync(watch, FileWatch.SlowInterval);
        Directory.Move(_folder.File("etc"), _folder.File("old"));
        _folder.Write("etc/sidecar.yml", "two");
        await LooksAsync(watch, FileWatch.Interval);
        await LooksAsync(watch, FileWatch.SlowInterval);
        Assert.Equal(1, watch.Changes);

        File.WriteAllText(path, "three");
        await Eventually.TrueAsync(() => _time.HasTimerDueIn(FileWatch.Interval));
    }

    [Fact]
    public async Task Run_WithoutAFolderToWatch_LooksMoreOften()
    {
        await using var watch = Start(_folder.File("none/sidecar.yml"), Read, "one");
        await LooksAsync(watch, FileWatch.RefusedInterval);
        _text = "two";
        await LooksAsync(watch, FileWatch.Interval);
        await LooksAsync(watch, FileWatch.RefusedInterval);
        Assert.Equal(1, watch.Changes);
    }

    private string Read() => _text ?? throw new UsageException("gone");

    private string MakeConfigMap(string text)
    {
        _folder.Write("..2026_01/sidecar.yml", text);
        File.CreateSymbolicLink(_folder.File("..data"), "..2026_01");
        File.CreateSymbolicLink(_folder.File("sidecar.yml"), "..data/sidecar.yml");
        return _folder.File("sidecar.yml");
    }

    // As the kubelet does: a new folder, and the link renamed over the old one.
    private async Task SwapConfigMapAsync(string text)
    {
        _folder.Write("..2026_02/sidecar.yml", text);
        File.CreateSymbolicLink(_folder.File("..data_tmp"), "..2026_02");
        await using var rename = ProgramProcess.StartCommand("mv", "-T", _folder.File("..data_tmp"), _folder.File("..data"));
        Assert.Equal(0, await rename.ExitCodeAsync());
    }

    // Lets the look that is due happen; behind it the next one is due in this time.
    private async Task LooksAsync(RunningWatch watch, TimeSpan next)
    {
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        var looks = watch.Looks;
        while (watch.Looks == looks)
        {
            _time.Advance(FileWatch.Interval);
            await Task.Delay(1, Cancellation);
        }

        await Eventually.TrueAsync(() => _time.HasTimerDueIn(next));
    }

    private RunningWatch Start(string path, Func<string> read, string first) => new(new FileWatch(path, read, first, _time));

    private sealed class RunningWatch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;
        private int _looks;
        private int _changes;

        public RunningWatch(FileWatch file)
        {
            File = file;
            _running = file.RunAsync(
                async (told, cancellation) =>
                {
                    if (await file.LookAsync(told, cancellation) is not null)
                        Interlocked.Increment(ref _changes);
                    Interlocked.Increment(ref _looks);
                },
                _stop.Token);
        }

        public FileWatch File { get; }

        public int Looks => Volatile.Read(ref _looks);

        public int Changes => Volatile.Read(ref _changes);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }
}
