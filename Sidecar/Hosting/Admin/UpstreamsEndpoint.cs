using System.Globalization;
using Chassis;
using Microsoft.AspNetCore.Http;
using Sidecar.Upstream;

namespace Sidecar.Hosting.Admin;

/// <summary><c>GET /upstreams</c>: the addresses that the process connects to; the ejected ones first, then those with most connections.</summary>
internal static class UpstreamsEndpoint
{
    public static IEndpointRouteBuilder MapUpstreams(this IEndpointRouteBuilder routes)
    {
        var upstreams = routes.ServiceProvider.GetRequiredService<UpstreamTable>();
        routes.MapGet("/upstreams", (HttpResponse response, string? limit) =>
        {
            if (ListLimit.Parse(limit) is not { } count)
                return ListLimit.Wrong(limit);
            var all = upstreams.Snapshots();
            response.Headers["X-Total-Count"] = all.Count.ToString(CultureInfo.InvariantCulture);
            var views = all.OrderBy(u => u.State == CircuitState.Closed).ThenByDescending(u => u.Connections).ThenByDescending(u => u.Failures).Take(count).Select(UpstreamView.Of);
            return TypedResults.Json(views.ToArray(), AdminJson.Default.UpstreamViewArray);
        });
        return routes;
    }
}

/// <summary>One upstream address as the admin port shows it.</summary>
/// <param name="Address">The address and port.</param>
/// <param name="Circuit"><c>closed</c>, <c>open</c> (ejected) or <c>half_open</c> (waits for its trial).</param>
/// <param name="Connections">Connections to it, also those in progress.</param>
/// <param name="Pending">Connects in progress.</param>
/// <param name="Failures">Failed connects in a row.</param>
/// <param name="SinceFailureMs">Time since the last failure; left out if the last connect succeeded.</param>
/// <param name="Ejections">By how many times the ejection time has grown.</param>
/// <param name="EjectedForMs">Time until its next trial; left out if it is not ejected.</param>
internal sealed record UpstreamView(
    string Address, string Circuit, int Connections, int Pending, long Failures, double? SinceFailureMs, int Ejections, double? EjectedForMs)
{
    public static UpstreamView Of(UpstreamSnapshot upstream) => new(
        upstream.Address.ToString(), EnumWords.Of(upstream.State), upstream.Connections, upstream.Pending, upstream.Failures,
        Milliseconds(upstream.SinceFailure), upstream.Ejections, Milliseconds(upstream.EjectedFor));

    private static double? Milliseconds(TimeSpan? time) => time is { } span ? Math.Round(span.TotalMilliseconds, 3) : null;
}
