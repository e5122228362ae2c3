using ByteFilters;
using Sidecar.Connections;

namespace Sidecar.Authorization;

/// <summary>The decision on a connection, by any protocol: a transform, a reason to refuse, or before a greeting whether to greet.</summary>
/// <param name="Transform">The transform of its bytes; null if it is refused, or not decided yet.</param>
/// <param name="Refusal">Why it is refused; null if it is not.</param>
/// <param name="Detail">The refusal in words.</param>
/// <param name="IsPlain">Whether it should go on as a plain one.</param>
internal sealed record Decision(TransformExpression? Transform, RelayEndReason? Refusal, string? Detail, bool IsPlain = false)
{
    /// <summary>To greet; the transform is another question.</summary>
    public static Decision Greet { get; } = new(null, null, null);

    /// <summary>To connect as the client itself would.</summary>
    public static Decision Plain { get; } = new(null, null, null, IsPlain: true);

    public static Decision Grant(TransformExpression transform) => new(transform, null, null);

    public static Decision Refuse(RelayEndReason reason, string detail) => new(null, reason, detail);
}
