namespace Sidecar.Options;

/// <summary>The kind of a source of packets.</summary>
public enum CaptureKind
{
    /// <summary>eBPF; packet sockets where the kernel or the rights do not allow it.</summary>
    Auto,

    /// <summary>An eBPF program at the control group of all processes.</summary>
    Ebpf,

    /// <summary>A packet socket (AF_PACKET).</summary>
    Packet,

    /// <summary>A file in the format pcap or pcapng.</summary>
    File,
}

/// <summary>What <c>Sidecar observe</c> captures.</summary>
public sealed record CaptureOptions
{
    /// <summary>Bytes of the ring that the kernel shares with this program, by default.</summary>
    public const int DefaultBuffer = 64 * 1024 * 1024;

    /// <summary>The source of packets; default <see cref="CaptureKind.Auto"/>.</summary>
    public CaptureKind Kind { get; init; }

    /// <summary>The capture file, <c>-</c> for stdin; null unless the source is a file.</summary>
    public string? File { get; init; }

    /// <summary>The option or key that named the source.</summary>
    public string Origin { get; init; } = "capture.source";

    /// <summary>The interface of a packet socket; default null for all.</summary>
    public string? Interface { get; init; }

    /// <summary>Bytes of the ring, 1 MB to 1 GB, a power of two; default 64 MB.</summary>
    public int Buffer { get; init; } = DefaultBuffer;

    /// <summary>Which connections are observed.</summary>
    public CaptureChoice Choice { get; init; } = new();
}

/// <summary>Which connections are observed; it can change while running.</summary>
public sealed record CaptureChoice
{
    /// <summary>Ports of servers; default none, for all.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Networks of servers; those with <c>!</c> exclude; default none, for all.</summary>
    public IReadOnlyList<string> Cidrs { get; init; } = [];

    /// <summary>Versions of HTTP; default all.</summary>
    public RecordProtocols Protocols { get; init; } = RecordProtocols.All;

    /// <summary>Folders of control groups (version 2) of either end, each with those below it; only eBPF knows them. Default none, for all.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>Namespaces of Kubernetes of either end; those with <c>!</c> exclude; default none, for all.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];
}
