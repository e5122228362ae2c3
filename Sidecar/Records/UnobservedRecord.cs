using Chassis;
using Sidecar.Observation;
using Sidecar.Relay;

namespace Sidecar.Records;

/// <summary>Why a connection was not observed to its end, in its record.</summary>
/// <param name="Reason">As in the metric: <see cref="Unobservable"/> in snake case.</param>
/// <param name="Rule">The rule that was broken; nothing of what a peer sent.</param>
/// <param name="Side">Whose bytes broke it: client or server.</param>
/// <param name="Offset">How many bytes of that side had passed when it showed.</param>
internal sealed record UnobservedRecord(string Reason, string? Rule, string? Side, long? Offset)
{
    /// <summary>A bug of the sidecar, which the log has.</summary>
    public static UnobservedRecord Bug { get; } = new(EnumWords.Of(Unobservable.InternalError), null, null, null);

    public static UnobservedRecord Of(ObservationFault fault) =>
        new(EnumWords.Of(fault.Reason), fault.Rule, fault.Direction == Direction.Request ? "client" : "server", fault.Offset);
}
