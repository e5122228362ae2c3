using System.Diagnostics.Metrics;
using Chassis;
using Sidecar.Telemetry;

namespace Sidecar.Upstream;

/// <summary>Metrics of the upstream addresses together: no series for each address, because clients can name any number.</summary>
internal sealed class UpstreamMetrics
{
    public UpstreamMetrics(IMeterFactory factory, UpstreamTable upstreams)
    {
        var meter = factory.Create(SidecarMetrics.MeterName);
        meter.CreateObservableUpDownCounter("sidecar.upstream.ejected", () => upstreams.Totals().Ejected, null, "Upstream addresses that are ejected, or wait for their trial.");
        meter.CreateObservableCounter("sidecar.upstream.ejections", () => upstreams.Totals().Ejections, null, "Ejections of upstream addresses.");
        meter.CreateObservableCounter("sidecar.upstream.limited", () => Limited(upstreams), null, "Connects refused because of a limit of the upstream address.");
    }

    private static IEnumerable<Measurement<long>> Limited(UpstreamTable upstreams)
    {
        var counts = upstreams.Totals().Limited;
        return Enum.GetValues<UpstreamLimit>().Select(limit => new Measurement<long>(counts[(int)limit], new KeyValuePair<string, object?>("limit", EnumWords.Of(limit))));
    }
}
