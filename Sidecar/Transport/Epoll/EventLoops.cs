namespace Sidecar.Transport.Epoll;

/// <summary>The event loops of the process, by default one for each core.</summary>
internal sealed class EventLoops : IDisposable
{
    // A loop keeps a new connection unless another loop has fewer, by more than this part of its own number. Handing over costs a
    // wake-up. That is much for one of many short connections, and little for one of a few long streams that would share a core.
    private const int ToleratedPart = 16;

    private readonly EventLoop[] _loops;

    public EventLoops(int count, ILogger<EventLoop> logger)
    {
        _loops = [.. Enumerable.Range(0, count).Select(number => new EventLoop(number, logger))];
        foreach (var loop in _loops)
            loop.Start();
    }

    public IReadOnlyList<EventLoop> All => _loops;

    /// <summary>The loop for a connection that <paramref name="accepting"/> has accepted.</summary>
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
