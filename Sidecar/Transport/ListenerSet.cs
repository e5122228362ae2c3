namespace Sidecar.Transport;

/// <summary>A transport's listeners. One that comes after the end, as from a start that goes on while it is told to stop, ends at once.</summary>
/// <param name="stop">Has one accept no more; a repetition changes nothing.</param>
internal sealed class ListenerSet<T>(Func<T, Task> stop)
{
    private readonly Lock _lock = new();
    private readonly List<T> _listeners = [];
    private bool _stopped;

    /// <summary>Takes a listener in.</summary>
    public T Add(T listener)
    {
        bool stopped;
        lock (_lock)
        {
            _listeners.Add(listener);
            stopped = _stopped;
        }

        // Not waited for: it may need the server, which waits for this, to accept the rest.
        if (stopped)
            _ = stop(listener);
        return listener;
    }

    /// <summary>Stops all, and those that are yet to come.</summary>
    public Task StopAsync()
    {
        T[] listeners;
        lock (_lock)
        {
            _stopped = true;
            listeners = [.. _listeners];
        }

        return Task.WhenAll(listeners.Select(stop));
    }
}
