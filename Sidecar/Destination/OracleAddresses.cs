using System.Net;
using Sidecar.Connections;
using Sidecar.Net;

namespace Sidecar.Destination;

/// <summary>Where the listener's Oracle is, or why the connection ends before that matters.</summary>
/// <param name="EndPoints">The Oracle's addresses; null for none that matter.</param>
/// <param name="Failure">The reason to refuse whatever the address.</param>
/// <param name="Detail">The reason in words.</param>
internal readonly record struct OracleAddresses(IReadOnlyList<IPEndPoint>? EndPoints, RelayEndReason? Failure, string? Detail)
{
    /// <summary>None that an upstream could be.</summary>
    public static OracleAddresses None => default;

    /// <summary>A refusal of every address.</summary>
    public static OracleAddresses Refuse(RelayEndReason reason, string detail) => new(null, reason, detail);

    /// <summary>Refuses an address of the Oracle's; on this host the Oracle may listen on every local one.</summary>
    /// <param name="address">A resolved address, v4-mapped ones as IPv4.</param>
    public GuardVerdict Check(IPEndPoint address)
    {
        for (var i = 0; i < EndPoints?.Count; i++)
        {
            var oracle = EndPoints[i];
            if (oracle.Equals(address) || (oracle.Port == address.Port && LocalAddress.IsLocal(oracle.Address) && LocalAddress.IsLocal(address.Address)))
                return new(RelayEndReason.DestinationNotAllowed, $"{address} is the Oracle that this sidecar asks");
        }

        return GuardVerdict.Allowed;
    }
}
