using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks.Load;

/// <summary>Which way the bytes go.</summary>
internal enum Direction
{
    /// <summary>From the client to the upstream.</summary>
    Up,

    /// <summary>From the upstream to the client.</summary>
    Down,
}

/// <summary>What a load did.</summary>
/// <param name="Done">Operations (requests, connections, bytes) that the CPU time is divided by.</param>
/// <param name="Readings">What the load saw.</param>
internal sealed record LoadReport(double Done, IReadOnlyList<Reading> Readings);

/// <summary>One figure.</summary>
internal readonly record struct Reading(Quantity Quantity, double Value);
