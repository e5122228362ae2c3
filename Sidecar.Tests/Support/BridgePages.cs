using System.Text;
using Chassis.Metrics;
using Prometheus;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>A bridge's page without a server.</summary>
internal static class BridgePages
{
    /// <summary>The page; none of its instruments may fail.</summary>
    public static async Task<string> PageAsync(this PrometheusBridge bridge, ExpositionFormat format = ExpositionFormat.PrometheusText)
    {
        var (page, failures) = await bridge.TryPageAsync(format);
        Assert.Null(failures);
        return page;
    }

    /// <summary>The page, and what its instruments threw.</summary>
    public static async Task<(string Page, AggregateException? Failures)> TryPageAsync(this PrometheusBridge bridge, ExpositionFormat format = ExpositionFormat.PrometheusText)
    {
        using var output = new MemoryStream();
        var failures = await bridge.WriteToAsync(output, format, TestContext.Current.CancellationToken);
        return (Encoding.UTF8.GetString(output.ToArray()), failures);
    }
}
