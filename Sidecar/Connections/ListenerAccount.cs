namespace Sidecar.Connections;

/// <summary>The counts of one listener in a <see cref="ConnectionRegistry"/>, guarded by the registry's lock.</summary>
internal sealed class ListenerAccount(ListenerLabel listener)
{
    private readonly long[] _ended = new long[Enum.GetValues<RelayEndReason>().Length];

    // Written in place: a property would return a copy.
    private ByteTotals _endedBytes;

    public ListenerLabel Listener => listener;

    /// <summary>Whether the configuration in force has it.</summary>
    public bool IsExpected { get; set; } = true;

    /// <summary>Connections accepted, also refused ones.</summary>
    public long Opened { get; set; }

    /// <summary>Connections that live now.</summary>
    public int Live { get; set; }

    /// <summary>Its live connections by client, as far as they are counted for clients.</summary>
    public ClientCounts ClientConnections { get; } = new();

    /// <summary>Those of them whose handshake is under way.</summary>
    public ClientCounts ClientHandshakes { get; } = new();

    /// <summary>Bytes of the connections that have ended.</summary>
    public ByteTotals EndedBytes => _endedBytes;

    public void AddEnded(ConnectionInfo info, RelayEndReason reason)
    {
        _ended[(int)reason]++;
        _endedBytes.Add(info);
    }

    public ListenerCounts Counts() => new(listener, Opened, Live, [.. _ended]);
}

/// <summary>A listener's connections at one moment.</summary>
/// <param name="Listener">The listener.</param>
/// <param name="Opened">Connections accepted since the start, also refused ones.</param>
/// <param name="Live">Connections that live.</param>
/// <param name="Ended">Connections that have ended, by <see cref="RelayEndReason"/>.</param>
internal sealed record ListenerCounts(ListenerLabel Listener, long Opened, int Live, IReadOnlyList<long> Ended);
