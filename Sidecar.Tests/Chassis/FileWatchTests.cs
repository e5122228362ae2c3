using Chassis;
using Chassis.Settings;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class FileWatchTests
{
    private readonly ManualTimeProvider _time = new();
    private string? _text = "one";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Look_ATextThatTwoLooksSaw_IsTakenOnce()
    {
        var watch = new FileWatch(Read, "f", "one", _time);
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
        var watch = new FileWatch(Read, "f", "one", _time);
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
        var watch = new FileWatch(Read, "f", "one", _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var called = 0;
        var running = watch.RunAsync(
            _ =>
            {
                called++;
                return Task.CompletedTask;
            },
            stop.Token);

        watch.Tell();
        await Eventually.TrueAsync(() => Volatile.Read(ref called) == 1);
        _text = "two";
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(FileWatch.Interval);
            return Volatile.Read(ref called) == 2;
        });

        await stop.CancelAsync();
        await running;
    }

    private string Read() => _text ?? throw new UsageException("gone");
}
