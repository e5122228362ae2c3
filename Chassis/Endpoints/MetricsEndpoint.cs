using Chassis.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chassis.Endpoints;

/// <summary><c>GET /metrics</c> in the Prometheus text format.</summary>
public static partial class MetricsEndpoint
{
    /// <summary>Maps the endpoint.</summary>
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes, PrometheusExporter exporter)
    {
        var logger = routes.ServiceProvider.GetRequiredService<ILogger<PrometheusExporter>>();
        routes.MapGet("/metrics", async (HttpResponse response) =>
        {
            response.ContentType = PrometheusExporter.ContentType;
            if (exporter.WriteTo(response.BodyWriter) is { } failures)
                LogFailures(logger, failures);
            await response.BodyWriter.FlushAsync();
        });
        return routes;
    }

    [LoggerMessage(903, LogLevel.Error, "Metrics are missing: their instruments failed")]
    private static partial void LogFailures(ILogger logger, AggregateException failures);
}
