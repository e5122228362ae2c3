namespace Sidecar.Connections;

/// <summary>The relay of a connection, for those who look on while it runs.</summary>
internal interface IRelay
{
    /// <summary>One of its directions.</summary>
    public IRelayDirection this[Direction direction] { get; }
}

/// <summary>One direction of a relay.</summary>
internal interface IRelayDirection
{
    /// <summary>From the next chunk on a watcher sees each one. Any thread may call it.</summary>
    public void Watch(IChunkWatcher watcher);

    /// <summary>From the next chunk on the watcher sees none. Any thread may call it.</summary>
    public void Unwatch(IChunkWatcher watcher);
}

/// <summary>Sees the chunks of one direction, on both sides of its codec. The relay waits for each call.</summary>
internal interface IChunkWatcher
{
    /// <summary>Whether it wants to see no more. It is asked behind each chunk.</summary>
    public bool IsDone { get; }

    /// <summary>The source gave a chunk; at its end an empty one, where the codec still has something to send.</summary>
    /// <param name="offset">Bytes of this direction that the source gave before it.</param>
    /// <param name="chunk">As it was received.</param>
    public void Received(long offset, ReadOnlySpan<byte> chunk);

    /// <summary>What the codec made of it and the sink is given next: as many bytes, or fewer, or more.</summary>
    public void Passed(ReadOnlySpan<byte> bytes);

    /// <summary>The codec failed on it.</summary>
    public void Failed();
}
