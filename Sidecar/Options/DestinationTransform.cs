using ByteFilters;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>The transform of connections to some destinations, when there is no Oracle.</summary>
/// <param name="Destinations">Which ones; one pattern that matches is enough.</param>
/// <param name="Transform">What is done to their bytes.</param>
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
