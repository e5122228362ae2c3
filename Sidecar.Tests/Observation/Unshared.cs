using Sidecar.Observation.Memory;

namespace Sidecar.Tests.Observation;

/// <summary>A budget that a test shares with nobody.</summary>
internal static class Unshared
{
    public static MemoryAccount Account(long limit = ObservationMemory.DefaultLimit) => new ObservationMemory(limit).Open();
}
