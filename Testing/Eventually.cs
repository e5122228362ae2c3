using System.Runtime.CompilerServices;
using Xunit;

namespace Testing;

/// <summary>Waits for what another thread does, without guessing how long it takes.</summary>
public static class Eventually
{
    // Only a failing test waits so long; a loaded machine needs the room.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Returns as soon as the condition holds; fails the test when it never does.</summary>
    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(condition, () => what);

    /// <summary>The same, for what has to be asked for.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Limit)
                Assert.Fail($"never became true: {what}");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The same, with the state at the end in the failure, and a limit for what takes long.</summary>
    public static async Task TrueAsync(Func<bool> condition, Func<string> what, TimeSpan? limit = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > (limit ?? Limit))
                Assert.Fail($"never became true: {what()}");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }
}
