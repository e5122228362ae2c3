using ByteFilters;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>The transform of connections to some destinations, if there is no Oracle.</summary>
/// <param name="Destinations">The destinations; one matching pattern is enough.</param>
/// <param name="Transform">The transform of their bytes.</param>
public sealed record DestinationTransform(IReadOnlyList<DestinationPattern> Destinations, TransformExpression Transform)
{
    internal bool Matches(HostPort destination)
    {
        foreach (var pattern in Destinations)
        {
            if (pattern.Matches(destination.Host, destination.Port))
                return true;
        }

        return false;
    }
}
