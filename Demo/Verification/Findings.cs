namespace Demo.Verification;

/// <summary>What the verification found wrong, one line each.</summary>
internal sealed class Findings
{
    private readonly List<string> _failures = [];

    /// <summary>The failures so far.</summary>
    public IReadOnlyList<string> Failures => _failures;

    public void Fail(string what) => _failures.Add(what);

    /// <summary>Notes a failure unless the condition holds.</summary>
    public bool Check(bool condition, string otherwise)
    {
        if (!condition)
            Fail(otherwise);
        return condition;
    }
}
