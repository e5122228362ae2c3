using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Tests.Observation;

/// <summary>A budget that a test shares with nobody.</summary>
internal static class Unshared
{
    /// <summary>An account through which much has passed, so that the limit alone bounds it.</summary>
    public static MemoryAccount Account(long limit = ObservationLimits.DefaultMemory)
    {
        var account = new ObservationMemory(limit).Open();
        account.Earn(limit);
        return account;
    }
}
