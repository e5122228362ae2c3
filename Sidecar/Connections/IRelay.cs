namespace Sidecar.Connections;

/// <summary>The relay of a connection, for code that watches it while it runs.</summary>
internal interface IRelay
{
    /// <summary>One of its directions.</summary>
    public IRelayDirection this[Direction direction] { get; }
}

/// <summary>One direction of a relay.</summary>
internal interface IRelayDirection
{
    /// <summary>From the next chunk on, the watcher sees each chunk. Any thread can call it.</summary>
    public void Watch(IChunkWatcher watcher);

    /// <summary>From the next chunk on, the watcher sees no chunk. Any thread can call it.</summary>
    public void Unwatch(IChunkWatcher watcher);
}

/// <summary>Sees the chunks of one direction, before and after its codec. The relay waits for each call.</summary>
internal interface IChunkWatcher
{
    /// <summary>Whether it needs no more chunks. The relay asks after each chunk.</summary>
    public bool IsDone { get; }

    /// <summary>The source gave a chunk; at its end an empty one, if the codec still has something to send.</summary>
    /// <param name="offset">Bytes of this direction that the source gave before it.</param>
    /// <param name="chunk">The bytes as they were received.</param>
    public void Received(long offset, ReadOnlySpan<byte> chunk);

    /// <summary>The codec's output for the chunk, which the sink gets next: as many bytes, fewer, or more.</summary>
    public void Passed(ReadOnlySpan<byte> bytes);

    /// <summary>The codec failed on the chunk.</summary>
    public void Failed();
}
