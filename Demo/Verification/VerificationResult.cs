using ByteFilters;

namespace Demo.Verification;

/// <summary>The outcome of a verification.</summary>
/// <param name="Files">Media files fetched.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Transforms">The transforms seen between p1 and p2.</param>
/// <param name="Failures">What was wrong, one line each; none when all is well.</param>
internal sealed record VerificationResult(int Files, long Bytes, IReadOnlyList<TransformExpression> Transforms, IReadOnlyList<string> Failures)
{
    // A policy may draw a key for each connection.
    private const int NamedTransforms = 3;

    // A table alone has more than 500.
    private const int MaxShown = 60;

    /// <summary>Which of several verifications this is; empty when there is one.</summary>
    public string Name { get; init; } = "";

    public bool IsVerified => Failures.Count == 0;

    /// <summary>The one line that says it all.</summary>
    public string Summary => (Name.Length > 0 ? Name + ": " : "") + (IsVerified
        ? $"verified: {Files} files, {Bytes:N0} bytes, SHA-256 equal; between p1 and p2 every byte transformed ({Named})"
        : $"not verified: {Failures.Count} failure(s); {Files} files, {Bytes:N0} bytes fetched");

    private string Named => string.Join(", ", Transforms.Take(NamedTransforms).Select(t => t.Text.Length <= MaxShown ? t.Text : $"({t.Name} …)")) + (Transforms.Count > NamedTransforms ? $" and {Transforms.Count - NamedTransforms} more" : "");
}
