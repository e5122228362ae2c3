namespace Sidecar.Capture;

/// <summary>How packets are captured.</summary>
internal enum CaptureKind
{
    /// <summary>By eBPF where that is possible, else by packets of interfaces.</summary>
    Auto,

    /// <summary>By programs at a cgroup, in all network namespaces.</summary>
    Ebpf,

    /// <summary>At the interfaces of this network namespace.</summary>
    Packet,
}
