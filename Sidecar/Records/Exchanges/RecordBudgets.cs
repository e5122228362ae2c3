using System.Net;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// Limits the bytes of records, so that the flood of one client neither fills the queue nor rotates away the records of
/// others. Called once for each connection that has a record.
/// </summary>
/// <param name="connectionRate">Bytes a second for a connection; null for no limit.</param>
/// <param name="clientRate">Bytes a second for all connections of a client; null for no limit.</param>
/// <param name="time">The clock of the timestamps.</param>
internal sealed class RecordBudgets(long? connectionRate, long? clientRate, TimeProvider time)
{
    /// <summary>Clients that are remembered; further ones share one budget until others have been silent.</summary>
    public const int MaxClients = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, ByteBucket> _clients = [];
    private readonly ByteBucket? _rest = clientRate is { } rate ? new ByteBucket(rate, time.TimestampFrequency) : null;
    private long _swept = long.MinValue;

    /// <summary>Clients that are remembered now.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
                return _clients.Count;
        }
    }

    /// <summary>The budget of a connection.</summary>
    public RecordBudget For(IPAddress client) => new(
        connectionRate is { } ofConnection ? new ByteBucket(ofConnection, time.TimestampFrequency) : null,
        clientRate is { } ofClient ? BucketOf(client, ofClient) : null);

    private ByteBucket BucketOf(IPAddress client, long rate)
    {
        lock (_lock)
        {
            if (_clients.TryGetValue(client, out var bucket))
                return bucket;
            if (_clients.Count >= MaxClients)
                Sweep();
            if (_clients.Count >= MaxClients)
                return _rest!;
            bucket = new ByteBucket(rate, time.TimestampFrequency);
            _clients.Add(client, bucket);
            return bucket;
        }
    }

    // A full bucket is the same as a new one. At most once a second, because it looks at all of them.
    private void Sweep()
    {
        var now = time.GetTimestamp();
        if (_swept != long.MinValue && time.GetElapsedTime(_swept, now) < TimeSpan.FromSeconds(1))
            return;
        _swept = now;
        foreach (var (client, bucket) in _clients)
        {
            if (bucket.IsFull(now))
                _clients.Remove(client);
        }
    }
}
