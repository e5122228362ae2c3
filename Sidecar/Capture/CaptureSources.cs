using Chassis;
using Sidecar.Capture.Ebpf;
using Sidecar.Capture.PacketSockets;
using Sidecar.Options;

namespace Sidecar.Capture;

/// <summary>Opens sources of packets.</summary>
internal static class CaptureSources
{
    /// <summary>Opens a source.</summary>
    /// <param name="options">Which one, where, and with how much memory.</param>
    /// <param name="filter">What passes.</param>
    /// <param name="note">Why it is not eBPF, in one line; null if it is, or was not wanted.</param>
    /// <exception cref="UsageException">It is not possible; the line names what is missing.</exception>
    public static ICaptureSource Open(CaptureOptions options, CaptureFilter filter, out string? note)
    {
        note = null;
        if (options.Kind == CaptureKind.File)
            return new FileSource(options);
        if (options.Kind == CaptureKind.Packet)
            return PacketSource.Open(filter, options);
        UsageException refused;
        try
        {
            return EbpfSource.Open(filter, options);
        }
        catch (UsageException error) when (options.Kind == CaptureKind.Auto && filter.Cgroups.Count == 0)
        {
            refused = error;
        }

        try
        {
            note = $"packets of interfaces instead: {refused.Message}";
            return PacketSource.Open(filter, options);
        }
        catch (UsageException error)
        {
            throw new UsageException([.. refused.Lines, .. error.Lines]);
        }
    }
}
