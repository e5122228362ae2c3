using Chassis.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Chassis.Endpoints;

/// <summary><c>GET /metrics</c> in the Prometheus text format.</summary>
public static class MetricsEndpoint
{
    /// <summary>Maps the endpoint.</summary>
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes, PrometheusExporter exporter)
    {
        routes.MapGet("/metrics", async (HttpResponse response) =>
        {
            response.ContentType = PrometheusExporter.ContentType;
            exporter.WriteTo(response.BodyWriter);
            await response.BodyWriter.FlushAsync();
        });
        return routes;
    }
}
