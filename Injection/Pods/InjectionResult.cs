namespace Injection.Pods;

/// <summary>What was done with a pod.</summary>
internal enum InjectionOutcome
{
    /// <summary>The pod was changed.</summary>
    Changed,

    /// <summary>The pod is already as it should be.</summary>
    Unchanged,

    /// <summary>The pod gets no sidecar, for a reason that is no error.</summary>
    Skipped,

    /// <summary>The pod is wrong, and was not changed.</summary>
    Refused,
}

/// <summary>An error at a place in a pod.</summary>
internal sealed record PodError(IReadOnlyList<string> Path, string Reason);

/// <summary>What was done with a pod, and why.</summary>
internal sealed record InjectionResult(InjectionOutcome Outcome, string Reason = "")
{
    /// <summary>The errors of a refused pod.</summary>
    public IReadOnlyList<PodError> Errors { get; init; } = [];

    /// <summary>What the operator should know; the pod was changed all the same.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>A refused pod.</summary>
    public static InjectionResult Refused(params IReadOnlyList<PodError> errors) => new(InjectionOutcome.Refused) { Errors = errors };
}
