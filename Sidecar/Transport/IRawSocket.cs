namespace Sidecar.Transport;

/// <summary>A connection whose socket answers the kernel's own options, as for SO_ORIGINAL_DST.</summary>
internal interface IRawSocket
{
    /// <summary>Reads an option in the kernel's form.</summary>
    /// <returns>Its length in bytes, or -1 when the kernel has none to tell.</returns>
    public int GetRawOption(KernelOption option, Span<byte> value);
}
