using System.Diagnostics.Metrics;
using Chassis.Metrics;
using Sidecar.Telemetry;

namespace Sidecar.Capture;

/// <summary>Metrics of a capture.</summary>
internal sealed class CaptureMetrics
{
    public CaptureMetrics(IMeterFactory factory, CaptureObserver observer)
    {
        var meter = factory.Create(SidecarMetrics.MeterName);
        var reassembler = observer.Reassembler;
        BuildInfo.AddTo(meter, "sidecar");
        meter.CreateObservableCounter("sidecar.capture.packets", () => observer.Packets, null, "Packets that were captured.");
        meter.CreateObservableCounter("sidecar.capture.packets.lost", () => observer.LostPackets, null, "Packets that were lost between the kernel and this program.");
        meter.CreateObservableCounter("sidecar.capture.packets.ignored", () => observer.Others, null, "Captured packets that are no TCP segments.");
        meter.CreateObservableCounter("sidecar.capture.packets.damaged", () => observer.Damaged, null, "Captured TCP segments with a wrong checksum, which their receivers drop.");
        meter.CreateObservableCounter("sidecar.capture.connections.opened", () => observer.Opened, null, "Connections that were followed.");
        meter.CreateObservableUpDownCounter("sidecar.capture.connections", () => observer.Connections, null, "Connections that are followed now.");
        meter.CreateObservableCounter("sidecar.capture.connections.evicted", () => reassembler.Evicted, null, "Connections that are no longer followed because there were too many.");
        meter.CreateObservableCounter("sidecar.capture.gaps", () => reassembler.Gaps, null, "Times that bytes of a connection were not captured.");
        meter.CreateObservableUpDownCounter("sidecar.capture.waiting", () => reassembler.Held, "By", "Bytes that wait for missing ones before them.");
    }
}
