using Microsoft.Playwright;
using Xunit;

namespace Workload.Tests.VideoApi.Browser;

/// <summary>Waits that the pages' policy allows: the browser driver's own would need <c>unsafe-eval</c>.</summary>
internal static class PageWaits
{
    /// <summary>Only a failing test takes so long; software decoding on a loaded machine needs the room.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Returns as soon as a function in the page is true; fails the test when it never is.</summary>
    public static async Task WaitUntilAsync(this IPage page, string function)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await page.EvaluateAsync<bool>(function))
        {
            if (TimeProvider.System.GetElapsedTime(started) > Limit)
                Assert.Fail($"never became true: {function}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
