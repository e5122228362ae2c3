using ByteFilters;
using Sidecar.Connections;

namespace Sidecar.Authorization;

/// <summary>What was decided for a connection, by whatever protocol: a transform, or a reason to refuse.</summary>
/// <param name="Transform">What to do to its bytes; null when it is refused.</param>
/// <param name="Refusal">Why it is refused; null when it is granted.</param>
/// <param name="Detail">The refusal in words.</param>
internal sealed record Decision(TransformExpression? Transform, RelayEndReason? Refusal, string? Detail)
{
    public static Decision Grant(TransformExpression transform) => new(transform, null, null);

    public static Decision Refuse(RelayEndReason reason, string detail) => new(null, reason, detail);
}
