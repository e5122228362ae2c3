namespace Sidecar.Connections;

/// <summary>Counts the bytes of one direction, only in the connection's own counts, and keeps the idle timer from firing.</summary>
internal sealed class DirectionMeter(IdleTimer silence, ByteCounts source, ByteCounts sink)
{
    /// <summary>Whether the source has ended its stream; set before the sink gets the end.</summary>
    public bool HasEnded => source.HasEnded;

    /// <summary>Bytes received so far.</summary>
    public long Position => source.Received;

    public void Received(long bytes)
    {
        silence.Note();
        source.AddReceived(bytes);
    }

    public void Sent(long bytes)
    {
        silence.Note();
        sink.AddSent(bytes);
    }

    public void EndOfStream() => source.EndOfStream();
}
