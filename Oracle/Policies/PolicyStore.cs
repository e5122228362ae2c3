namespace Oracle.Policies;

/// <summary>The policy in force.</summary>
/// <param name="Policy">Its rules.</param>
/// <param name="Generation">1 for the first one, and one more for each new one.</param>
/// <param name="Since">When it came into force.</param>
internal sealed record ActivePolicy(Policy Policy, int Generation, DateTimeOffset Since);

/// <summary>Holds the policy in force; one writer replaces it as a whole, any thread reads it.</summary>
internal sealed class PolicyStore(Policy first, TimeProvider time)
{
    private volatile ActivePolicy _current = new(first, 1, time.GetUtcNow());
    private readonly Lock _lock = new();
    private long _failures;
    private DateTimeOffset? _notInForceSince;

    /// <summary>The policy in force.</summary>
    public ActivePolicy Current => _current;

    /// <summary>How often a changed file was not accepted.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>The time since which the policy in force differs from the file; null if it does not.</summary>
    public DateTimeOffset? NotInForceSince
    {
        get
        {
            lock (_lock)
                return _notInForceSince;
        }
    }

    /// <summary>Counts a changed file that was not accepted.</summary>
    public void NoteFailure()
    {
        Interlocked.Increment(ref _failures);
        lock (_lock)
            _notInForceSince ??= time.GetUtcNow();
    }

    /// <summary>Puts another policy into force.</summary>
    public ActivePolicy Replace(Policy policy)
    {
        lock (_lock)
            _notInForceSince = null;
        return _current = new ActivePolicy(policy, _current.Generation + 1, time.GetUtcNow());
    }

    /// <summary>For readiness: what is wrong with the policy file, or null. Only the log has the reason.</summary>
    public string? Describe() => NotInForceSince is { } since
        ? $"the policy file has not been in force since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} (see the log); generation {Current.Generation} is in force"
        : null;
}
