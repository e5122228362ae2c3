using Microsoft.Playwright;
using Xunit;

namespace Workload.Tests.VideoApi.Browser;

/// <summary>Debian's chromium without a window.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    // No GPU and no calls home; and a video may start without a click.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Starts it; the calling test is skipped where it is not installed.</summary>
    public static async Task<Chromium> StartOrSkipAsync()
    {
        Assert.SkipUnless(File.Exists(Program), $"{Program} is missing; install the Debian package chromium");
        var playwright = await Playwright.CreateAsync();
        try
        {
            return new Chromium(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Program,
                Headless = true,
                Args = Arguments,
            }));
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    /// <summary>A page with nothing remembered.</summary>
    public async Task<IPage> NewPageAsync()
    {
        var page = await _browser.NewPageAsync();
        page.SetDefaultTimeout((float)PageWaits.Limit.TotalMilliseconds);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
