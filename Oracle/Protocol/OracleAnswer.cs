namespace Oracle.Protocol;

/// <summary>What the Oracle answers: <c>ok &lt;transform&gt;</c> or <c>deny</c>.</summary>
/// <param name="Transform">The transform of a granted connection; null when it is denied.</param>
public readonly record struct OracleAnswer(TransformSpec? Transform)
{
    /// <summary>The denial.</summary>
    public static OracleAnswer Denied => default;

    /// <summary>Reads a line.</summary>
    public static bool TryParse(string line, out OracleAnswer answer)
    {
        answer = Denied;
        if (line == "deny")
            return true;
        if (!line.StartsWith("ok ", StringComparison.Ordinal) || !TransformSpec.TryParse(line[3..], out var transform))
            return false;
        answer = new OracleAnswer(transform);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Transform is { } transform ? $"ok {transform}" : "deny";
}
