using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Telemetry;

/// <summary>The metrics page under every option that changes it.</summary>
[SystemTest]
public sealed class PageTests
{
    [Theory]
    [InlineData("")]
    [InlineData("--records FILE")]
    [InlineData("--records FILE --transport sockets")]
    [InlineData("--observe off --records FILE")]
    [InlineData("--oracle 127.0.0.1:9 --role p2")]
    [InlineData("--max-connections 10 --listener-max-connections 5")]
    public async Task Page_OfEveryCombination_IsValid(string options)
    {
        using var folder = new TempFolder();
        await using var sidecar = await StartedSidecar.StartAsync(9, options.Replace("FILE", folder.File("records"), StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries));

        var (status, page) = await sidecar.GetAsync("metrics", "/metrics");

        Assert.Equal(200, status);
        Assert.Equal("", await Promtool.CheckMetricsAsync(page));
        var names = page.Split('\n').Where(line => line.StartsWith("# HELP ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Equal(names.Distinct(StringComparer.Ordinal), names);
        Assert.Contains("sidecar_build_info", names);
    }
}
