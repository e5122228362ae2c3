using System.Runtime.CompilerServices;
using Xunit;

namespace Testing;

/// <summary>Waits for the work of another thread, without guessing how long it takes.</summary>
public static class Eventually
{
    // Long, because of loaded machines; only a failing test waits so long.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Returns as soon as the condition is true; fails the test if it does not become true.</summary>
    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(condition, () => what);

    /// <summary>The same for an asynchronous condition.</summary>
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

    /// <summary>The same, with the final state in the failure, and another time limit for slow work.</summary>
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
