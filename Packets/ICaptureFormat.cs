namespace Packets;

/// <summary>A format of captures.</summary>
internal interface ICaptureFormat
{
    /// <summary>Whether nothing has begun that is not whole yet.</summary>
    public bool IsWhole { get; }

    /// <summary>Reads the next frame; false if there is no further whole one yet.</summary>
    public bool TryRead(out CapturedFrame frame);
}

/// <summary>What is wrong with a capture.</summary>
internal static class CaptureFault
{
    /// <summary>An error that says where, what belongs there and what is there.</summary>
    public static FormatException At(long offset, string expected, string found) => new($"byte {offset} of the capture: expected {expected}, found {found}");
}
