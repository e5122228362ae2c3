using Sidecar.Telemetry;

namespace Sidecar.Relay;

/// <summary>Counts what moves in one direction, for the record, the metrics and the timers.</summary>
internal sealed class DirectionMeter(SilenceTimer silence, ByteCounts source, ByteCounts sink, DirectionTraffic traffic)
{
    /// <summary>Whether the source has ended its stream; set before the sink is told.</summary>
    public bool HasEnded { get; private set; }

    public void Received(long bytes)
    {
        silence.Note();
        source.AddReceived(bytes);
        traffic.AddReceived(bytes);
    }

    public void Sent(long bytes)
    {
        silence.Note();
        sink.AddSent(bytes);
        traffic.AddSent(bytes);
    }

    public void EndOfStream() => HasEnded = true;
}
