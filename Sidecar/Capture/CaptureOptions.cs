namespace Sidecar.Capture;

/// <summary>Where to capture, and with how much memory.</summary>
internal sealed record CaptureOptions
{
    /// <summary>Bytes of the ring between kernel and process, a power of two; default 64 MB: 50 ms of 10 Gbit/s.</summary>
    public int RingBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The folder of the cgroup whose sockets eBPF sees, with those of all below it; null for the root.</summary>
    public string? Cgroup { get; init; }

    /// <summary>The interface whose packets are captured; null for all. Only for <see cref="CaptureKind.Packet"/>.</summary>
    public string? Interface { get; init; }
}
