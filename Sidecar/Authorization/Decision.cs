using ByteFilters;
using Sidecar.Connections;

namespace Sidecar.Authorization;

/// <summary>The decision on a connection, by any protocol: a transform, or a reason to refuse.</summary>
/// <param name="Transform">The transform of its bytes; null if it is refused.</param>
/// <param name="Refusal">Why it is refused; null if it is granted.</param>
/// <param name="Detail">The refusal in words.</param>
internal sealed record Decision(TransformExpression? Transform, RelayEndReason? Refusal, string? Detail)
{
    public static Decision Grant(TransformExpression transform) => new(transform, null, null);

    public static Decision Refuse(RelayEndReason reason, string detail) => new(null, reason, detail);
}
