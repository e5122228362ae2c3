using Chassis.Net;
using Sidecar.Transport.Epoll;

namespace Sidecar.Authorization.Pools;

/// <summary>The idle connections to the Oracle of one event loop, or of all threads if there are no loops.</summary>
/// <param name="all">The process's pools.</param>
/// <param name="loop">The loop; null without loops.</param>
internal sealed class OraclePool(OraclePools all, EventLoop? loop)
{
    // Threads compete for it only without loops; with loops, another thread comes only at the drain.
    private readonly Lock _lock = new();
    private readonly List<OracleConnection> _idle = [];

    /// <summary>The clock of its connections' limits.</summary>
    public TimeProvider Clock => loop?.Timers ?? all.Time;

    /// <summary>The number of kept connections.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _idle.Count;
        }
    }

    /// <summary>Continues on the loop, if there is one.</summary>
    public ValueTask EnterAsync()
    {
        return loop is null || EventLoop.Current == loop ? default : WaitAsync(loop);

        static async ValueTask WaitAsync(EventLoop loop) => await loop.Enter();
    }

    /// <summary>The connection that was used last, so that the others can reach their age limit; null if none is alive.</summary>
    public OracleConnection? Take(HostPort oracle)
    {
        while (TakeLast(oracle) is { } connection)
        {
            if (!connection.HasNews)
                return connection;
            _ = connection.CloseAsync();
        }

        return null;
    }

    /// <summary>Keeps a connection, unless the pool has enough for its Oracle or the process ends.</summary>
    public bool TryAdd(OracleConnection connection)
    {
        lock (_lock)
        {
            if (all.IsClosed || _idle.Count(kept => kept.Oracle == connection.Oracle) >= all.IdlePerPool)
                return false;
            _idle.Add(connection);
            return true;
        }
    }

    /// <summary>Removes one connection; false if it is in use.</summary>
    public bool TryRemove(OracleConnection connection)
    {
        lock (_lock)
            return _idle.Remove(connection);
    }

    /// <summary>Closes the kept connections.</summary>
    public Task CloseAsync()
    {
        OracleConnection[] left;
        lock (_lock)
        {
            left = [.. _idle];
            _idle.Clear();
        }

        return Task.WhenAll(left.Select(connection => connection.CloseAsync()));
    }

    private OracleConnection? TakeLast(HostPort oracle)
    {
        lock (_lock)
        {
            var last = _idle.FindLastIndex(kept => kept.Oracle == oracle);
            if (last < 0)
                return null;
            var connection = _idle[last];
            _idle.RemoveAt(last);
            return connection;
        }
    }
}
