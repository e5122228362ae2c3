namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>
/// What became of the records of an output to other machines: counts, the last success and failure, and the lines of the log. Any thread
/// can use it.
/// </summary>
/// <param name="description">The output in words, for the log.</param>
/// <param name="time">The process's clock.</param>
/// <param name="logger">Gets a line when records begin to wait, when they go again, and for the first refusal.</param>
internal sealed partial class OutputHealth(string description, TimeProvider time, ILogger logger)
{
    private long _sent;
    private long _lost;
    private long _lastSuccess;
    private bool _isWaiting;
    private bool _hasRefused;

    /// <summary>Records that have arrived.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Records that were refused or given up.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>When records last arrived; null if none did.</summary>
    public DateTimeOffset? LastSuccess => Interlocked.Read(ref _lastSuccess) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>The last failure in words; null if there was none.</summary>
    public string? LastError { get; private set; }

    /// <summary>Records have arrived.</summary>
    public void Arrive(long count)
    {
        if (count == 0)
            return;
        Interlocked.Add(ref _sent, count);
        Interlocked.Exchange(ref _lastSuccess, time.GetUtcNow().UtcTicks);
    }

    /// <summary>A failure that does not make records wait.</summary>
    public void Note(string reason) => LastError = reason;

    /// <summary>Records wait because of a failure.</summary>
    public void Wait(string reason)
    {
        LastError = reason;
        if (!Interlocked.Exchange(ref _isWaiting, true))
            Log.Waiting(logger, description, reason);
    }

    /// <summary>Records no longer wait.</summary>
    public void GoOn()
    {
        if (Volatile.Read(ref _isWaiting) && Interlocked.Exchange(ref _isWaiting, false))
            Log.Again(logger, description);
    }

    /// <summary>Records were refused for good.</summary>
    public void Refuse(long count, string reason)
    {
        LastError = reason;
        Lose(count);
        if (!Interlocked.Exchange(ref _hasRefused, true))
            Log.Refused(logger, description, count, reason);
    }

    /// <summary>Records are given up, because the process ends.</summary>
    public void Lose(long count) => Interlocked.Add(ref _lost, count);

    private static partial class Log
    {
        [LoggerMessage(130, LogLevel.Error, "Records for {Output} wait: {Reason}")]
        public static partial void Waiting(ILogger logger, string output, string reason);

        [LoggerMessage(131, LogLevel.Information, "Records go to {Output} again")]
        public static partial void Again(ILogger logger, string output);

        [LoggerMessage(132, LogLevel.Error, "{Output} has refused {Count} records; later refusals are counted and not logged: {Reason}")]
        public static partial void Refused(ILogger logger, string output, long count, string reason);
    }
}
