using System.Net;
using Sidecar.Connections;
using Sidecar.Net;

namespace Sidecar.Destination;

/// <summary>The addresses of the listener's Oracle, or the reason why the connection ends before they matter.</summary>
/// <param name="EndPoints">The Oracle's addresses; null if the upstream cannot be one of them.</param>
/// <param name="Failure">The reason to refuse every address.</param>
/// <param name="Detail">The reason in words.</param>
internal readonly record struct OracleAddresses(IReadOnlyList<IPEndPoint>? EndPoints, RelayEndReason? Failure, string? Detail)
{
    /// <summary>The upstream cannot be the Oracle.</summary>
    public static OracleAddresses None => default;

    /// <summary>A refusal of every address.</summary>
    public static OracleAddresses Refuse(RelayEndReason reason, string detail) => new(null, reason, detail);

    /// <summary>Refuses an address of the Oracle. If the Oracle is on this host, it can listen on every local address.</summary>
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
