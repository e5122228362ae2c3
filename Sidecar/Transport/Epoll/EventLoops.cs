namespace Sidecar.Transport.Epoll;

/// <summary>The process's event loops, one for each core unless configured otherwise.</summary>
internal sealed class EventLoops : IDisposable
{
    // A loop keeps a new connection unless another has fewer by more than this part of its own. Handing over costs a wake-up:
    // too much for one of many short connections, little for one of a few long streams, which would share a core.
    private const int ToleratedPart = 16;

    private readonly EventLoop[] _loops;

    public EventLoops(int count, ILogger<EventLoop> logger)
    {
        _loops = [.. Enumerable.Range(0, count).Select(number => new EventLoop(number, logger))];
        foreach (var loop in _loops)
            loop.Start();
    }

    public IReadOnlyList<EventLoop> All => _loops;

    /// <summary>Which loop takes a connection that <paramref name="accepting"/> has accepted.</summary>
    public EventLoop For(EventLoop accepting)
    {
        var least = accepting;
        foreach (var loop in _loops)
        {
            if (loop.Connections < least.Connections)
                least = loop;
        }

        return accepting.Connections - least.Connections > accepting.Connections / ToleratedPart ? least : accepting;
    }

    public void Dispose()
    {
        foreach (var loop in _loops)
            loop.Dispose();
    }
}
