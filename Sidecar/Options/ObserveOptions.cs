namespace Sidecar.Options;

/// <summary>All options of <c>Sidecar observe</c>, with those of <see cref="ProcessOptions"/>.</summary>
public sealed record ObserveOptions : ProcessOptions
{
    /// <summary>What is captured.</summary>
    public CaptureOptions Capture { get; init; } = new();
}
