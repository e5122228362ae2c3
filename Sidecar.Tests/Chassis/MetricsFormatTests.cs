using Chassis.Endpoints;
using Prometheus;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class MetricsFormatTests
{
    [Theory]
    [InlineData(null, ExpositionFormat.PrometheusText)]
    [InlineData("*/*", ExpositionFormat.PrometheusText)]
    [InlineData("text/html,*/*;q=0.8", ExpositionFormat.PrometheusText)]
    [InlineData("text/plain;version=0.0.4", ExpositionFormat.PrometheusText)]
    [InlineData("not a type;;", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text", ExpositionFormat.OpenMetricsText)]
    // Prometheus 2.42.
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ExpositionFormat.OpenMetricsText)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;version=0.0.1", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;q=0", ExpositionFormat.PrometheusText)]
    public void FormatFor_AnAcceptHeader_IsWhatItLikesBest(string? accept, ExpositionFormat expected) =>
        Assert.Equal(expected, MetricsEndpoint.FormatFor(accept));
}
