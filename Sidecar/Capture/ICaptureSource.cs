using System.Net;

namespace Sidecar.Capture;

/// <summary>Where captured packets come from.</summary>
internal interface ICaptureSource : IDisposable
{
    /// <summary>One line for the log: <c>eBPF at cgroup /sys/fs/cgroup (egress and ingress)</c>.</summary>
    public string Description { get; }

    /// <summary>Whether the packets are those of this machine, as they pass.</summary>
    public bool IsLive => true;

    /// <summary>What of the capture could not be read, when it has ended; null if there was nothing.</summary>
    public string? Remark => null;

    /// <summary>Packets that the kernel could not deliver since the start, because its ring was full. Any thread may ask.</summary>
    public long Lost { get; }

    /// <summary>Delivers packets to the sink, on the calling thread, until stopped. Called at most once.</summary>
    public void Run(IPacketSink sink, CancellationToken stop);

    /// <summary>From now on the kernel drops this connection's packets, both directions; does nothing where the source cannot. Called on the thread of <see cref="Run"/>.</summary>
    public void Ignore(IPEndPoint client, IPEndPoint server, ulong network);

    /// <summary>
    /// Replaces the filter; does nothing where the source cannot. Any thread may call it. While one filter replaces the other, for some
    /// microseconds, packets pass that either lets through.
    /// </summary>
    /// <exception cref="Chassis.UsageException">The source cannot filter like that; the filter stays.</exception>
    public void Apply(CaptureFilter filter)
    {
    }
}
