using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Sidecar.Options;
using Sidecar.Transport.Epoll;

namespace Sidecar.Authorization.Pools;

/// <summary>
/// The idle connections to the Oracle, separate for each event loop, so that a question and its answer stay on one thread.
/// </summary>
internal sealed class OraclePools(SidecarOptions options, TimeProvider time)
{
    // For each pool. With 8 and 64 clients that connected anew for each request, a quarter of the questions found no free connection
    // and opened one. The Oracle then used 204 us for a connection of a pair, instead of 125.
    private const int MaxIdle = 32;

    // For all loops together, but at least one each: a part of the descriptors that OpenFiles.Reserve sets aside.
    private const int MaxIdleOfAll = 64;

    private readonly ConcurrentDictionary<EventLoop, OraclePool> _ofLoops = new();
    private OraclePool? _withoutLoop;
    private volatile bool _isClosed;

    /// <summary>The process's clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Most connections that a pool keeps for an Oracle.</summary>
    public int IdlePerPool { get; } = Math.Clamp(MaxIdleOfAll / options.Loops, 1, MaxIdle);

    /// <summary>Whether connections are no longer kept.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Connections that are kept now.</summary>
    public int Count => All.Sum(pool => pool.Count);

    private IEnumerable<OraclePool> All => _withoutLoop is { } pool ? [pool, .. _ofLoops.Values] : _ofLoops.Values;

    /// <summary>The pool for questions on behalf of a connection.</summary>
    public OraclePool For(ConnectionContext downstream) => downstream.Features.Get<EventLoop>() is { } loop
        ? _ofLoops.GetOrAdd(loop, static (loop, all) => new OraclePool(all, loop), this)
        : LazyInitializer.EnsureInitialized(ref _withoutLoop, () => new OraclePool(this, null));

    /// <summary>Closes the kept connections, and from now on each connection after its question.</summary>
    public Task CloseAsync()
    {
        // Pairs with TryAdd, which reads it under the lock that empties the pool.
        _isClosed = true;
        return Task.WhenAll(All.Select(pool => pool.CloseAsync()));
    }
}
