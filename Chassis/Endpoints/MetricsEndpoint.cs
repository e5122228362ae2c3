using Chassis.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Prometheus;

namespace Chassis.Endpoints;

/// <summary><c>GET /metrics</c> in the Prometheus text format, or in OpenMetrics for a client that prefers it.</summary>
public static partial class MetricsEndpoint
{
    private const string TextType = "text/plain";
    private const string OpenMetricsType = "application/openmetrics-text";

    /// <summary>Maps the endpoint.</summary>
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes, PrometheusBridge bridge)
    {
        var logger = routes.ServiceProvider.GetRequiredService<ILogger<PrometheusBridge>>();
        routes.MapGet("/metrics", async (HttpContext context) =>
        {
            var format = FormatFor(context.Request.Headers.Accept);
            context.Response.ContentType = format == ExpositionFormat.OpenMetricsText
                ? $"{OpenMetricsType}; version=1.0.0; charset=utf-8"
                : $"{TextType}; version=0.0.4; charset=utf-8";
            if (await bridge.WriteToAsync(context.Response.Body, format, context.RequestAborted) is { } failures)
                LogFailures(logger, failures);
        });
        return routes;
    }

    /// <summary>OpenMetrics if Accept names it and prefers nothing else of ours; for a wildcard the text format.</summary>
    internal static ExpositionFormat FormatFor(StringValues accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out var types))
            return ExpositionFormat.PrometheusText;
        var open = Quality(types, OpenMetricsType, "1.0.0");
        return open > 0 && open >= Quality(types, TextType, "0.0.4") ? ExpositionFormat.OpenMetricsText : ExpositionFormat.PrometheusText;
    }

    private static double Quality(IEnumerable<MediaTypeHeaderValue> types, string type, string version) => types
        .Where(t => t.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) && IsVersion(t, version))
        .Select(t => t.Quality ?? 1)
        .DefaultIfEmpty(0)
        .Max();

    private static bool IsVersion(MediaTypeHeaderValue type, string version) =>
        type.Parameters.FirstOrDefault(p => p.Name.Equals("version", StringComparison.OrdinalIgnoreCase)) is not { } named || named.Value == version;

    [LoggerMessage(903, LogLevel.Error, "Metrics are missing: their instruments failed")]
    private static partial void LogFailures(ILogger logger, AggregateException failures);
}
