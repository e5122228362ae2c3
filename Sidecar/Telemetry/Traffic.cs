namespace Sidecar.Telemetry;

/// <summary>Bytes of one listener, side and way, over all its connections.</summary>
internal sealed class ByteCounter
{
    private long _total;

    public long Total => Interlocked.Read(ref _total);

    public void Add(long bytes) => Interlocked.Add(ref _total, bytes);
}

/// <summary>A listener's byte counters; observed at each scrape, so they move while connections live.</summary>
internal sealed class ListenerTraffic
{
    public ByteCounter DownstreamReceived { get; } = new();

    public ByteCounter DownstreamSent { get; } = new();

    public ByteCounter UpstreamReceived { get; } = new();

    public ByteCounter UpstreamSent { get; } = new();
}

/// <summary>Where one direction of one connection is counted.</summary>
internal sealed record DirectionTraffic(ByteCounter Source, ByteCounter Sink, ByteCounter Transformed)
{
    public void AddReceived(long bytes)
    {
        Source.Add(bytes);
        Transformed.Add(bytes);
    }

    public void AddSent(long bytes) => Sink.Add(bytes);
}

/// <summary>Where both directions of one connection are counted.</summary>
internal sealed record ConnectionTraffic(DirectionTraffic Request, DirectionTraffic Response);
