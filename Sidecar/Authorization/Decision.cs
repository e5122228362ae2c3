using Oracle.Protocol;
using Sidecar.Relay;
using Sidecar.Transform;

namespace Sidecar.Authorization;

/// <summary>Feature: what was decided for a connection, by whatever protocol. Either a codec or a reason to refuse.</summary>
internal sealed record Decision
{
    private Decision()
    {
    }

    /// <summary>What to do to the bytes; null when refused.</summary>
    public Codec? Codec { get; private init; }

    /// <summary>The transform to record.</summary>
    public TransformSpec Transform { get; private init; }

    /// <summary>Why the connection is refused; null when granted.</summary>
    public RelayEndReason? Refusal { get; private init; }

    /// <summary>The refusal in words.</summary>
    public string? Detail { get; private init; }

    public static Decision Grant(TransformSpec transform, SidecarRole role) => new() { Transform = transform, Codec = Codec.For(transform, role) };

    public static Decision Refuse(RelayEndReason reason, string detail) => new() { Refusal = reason, Detail = detail };
}
