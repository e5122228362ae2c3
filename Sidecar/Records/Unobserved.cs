using Chassis;
using Sidecar.Connections;
using Sidecar.Observation;

namespace Sidecar.Records;

/// <summary>Makes the part of a record that says why the observation of a connection ended.</summary>
internal static class Unobserved
{
    /// <summary>An exception ended it.</summary>
    public static UnobservedRecord Of(Unobservable reason) => new(EnumWords.Of(reason), null, null, null);

    public static UnobservedRecord Of(ObservationFault fault) => new(
        EnumWords.Of(fault.Reason), fault.Rule, fault.Direction switch { Direction.Request => "client", Direction.Response => "server", _ => null }, fault.Offset);
}
