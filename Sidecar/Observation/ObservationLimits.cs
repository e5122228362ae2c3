namespace Sidecar.Observation;

/// <summary>What one observed connection may cost.</summary>
internal sealed record ObservationLimits
{
    public const int DefaultHeadBytes = 64 * 1024;

    /// <summary>Most bytes of a head that are kept; default 64 KB. A larger one gives a truncated record.</summary>
    public int HeadBytes { get; init; } = DefaultHeadBytes;
}
