namespace Sidecar.Observation;

/// <summary>What one observed connection may cost.</summary>
internal sealed record ObservationLimits
{
    public const int DefaultHeadBytes = 64 * 1024;

    /// <summary>Most bytes of a head that are kept; default 64 KB. A larger one gives a truncated record.</summary>
    public int HeadBytes { get; init; } = DefaultHeadBytes;

    /// <summary>Most exchanges of a connection that may be under way; default 1,000. More end its observation.</summary>
    public int Exchanges { get; init; } = 1000;
}
