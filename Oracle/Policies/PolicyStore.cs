namespace Oracle.Policies;

/// <summary>The policy in force.</summary>
/// <param name="Policy">Its rules.</param>
/// <param name="Generation">1 for the first one, one more for each that replaced it.</param>
/// <param name="Since">When it came into force.</param>
internal sealed record ActivePolicy(Policy Policy, int Generation, DateTimeOffset Since);

/// <summary>Holds the policy in force; one writer replaces it whole, any thread reads it.</summary>
internal sealed class PolicyStore(Policy first, TimeProvider time)
{
    private volatile ActivePolicy _current = new(first, 1, time.GetUtcNow());
    private long _failures;

    /// <summary>The policy in force.</summary>
    public ActivePolicy Current => _current;

    /// <summary>How often a changed file was not taken.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Counts a changed file that was not taken.</summary>
    public void CountFailure() => Interlocked.Increment(ref _failures);

    /// <summary>Puts another policy into force.</summary>
    public ActivePolicy Replace(Policy policy) =>
        _current = new ActivePolicy(policy, _current.Generation + 1, time.GetUtcNow());
}
