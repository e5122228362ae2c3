namespace VideoApi.Hosting;

/// <summary>
/// A value that is loaded at the first request and kept for a while. All requests during a load wait for that load; they all get
/// its failure, which is not kept.
/// </summary>
/// <param name="lifetime">How long a value is kept, from the start of its load.</param>
/// <param name="load">Loads the value; it must end by itself, because a cancelled request only stops waiting.</param>
/// <param name="time">The clock.</param>
internal sealed class TimedCache<T>(TimeSpan lifetime, Func<Task<T>> load, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Task<T>? _current;
    private long _startedAt;

    /// <summary>The value, fresh enough.</summary>
    /// <param name="cancellation">Ends the wait, not the load.</param>
    public Task<T> GetAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (!IsUsable(_current))
            {
                _startedAt = time.GetTimestamp();
                _current = Task.Run(load, CancellationToken.None);
            }

            return _current!.WaitAsync(cancellation);
        }
    }

    private bool IsUsable(Task<T>? task) =>
        task is not null && (!task.IsCompleted || (task.IsCompletedSuccessfully && time.GetElapsedTime(_startedAt) < lifetime));
}
