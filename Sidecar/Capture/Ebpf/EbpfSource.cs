using System.Net;
using System.Runtime.InteropServices;
using Chassis;
using Packets;
using Sidecar.Options;
using Sidecar.Owners;

namespace Sidecar.Capture.Ebpf;

/// <summary>
/// Packets of the sockets of a cgroup, in all network namespaces: two programs at the cgroup copy them into a ring. Nothing is
/// attached any more when the process has ended, in whatever way.
/// </summary>
internal sealed unsafe class EbpfSource : ICaptureSource
{
    // Waking the reader costs more than a packet, so it is woken for many: at this part of the ring, and for at most 1 MB, which caches hold.
    private const int WakeShare = 8;
    private const int MostWakeBytes = 1024 * 1024;

    // How long few packets wait, while some come and while none come.
    private const int BusyWait = 10;
    private const int IdleWait = 100;

    // A tenth of a second of a busy machine.
    private const int MostInTurn = 16 * 1024;

    private readonly BpfObject _programs;
    private readonly RingBuffer _ring;
    private readonly KernelFilter _filter;
    private readonly IgnoredConnections _ignored;
    private readonly ConnectingProcesses _connecting;
    private readonly int _lost;
    private readonly WallClock _clock = new();
    private readonly Lock _gate = new();
    private bool _isDisposed;
    private long _told;

    private EbpfSource(BpfObject programs, CaptureFilter filter, int ringBytes, string cgroup)
    {
        _programs = programs;
        _filter = new KernelFilter(programs, Math.Min(ringBytes / WakeShare, MostWakeBytes));
        _filter.Apply(filter);
        _ignored = new IgnoredConnections(programs.DescriptorOf("connections"));
        _connecting = new ConnectingProcesses(programs.DescriptorOf("connecting"));
        _lost = programs.DescriptorOf("lost");
        _ring = new RingBuffer(programs.DescriptorOf("ring"), ringBytes);
        Description = $"eBPF at cgroup {cgroup} (egress and ingress)";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public long Lost
    {
        get
        {
            var only = 0;
            long count;
            lock (_gate)
                return !_isDisposed && LibBpf.LookUp(_lost, &only, &count) == 0 ? count : 0;
        }
    }

    /// <summary>Loads the programs and attaches them.</summary>
    /// <exception cref="UsageException">It is not possible; the line names what is missing.</exception>
    public static EbpfSource Open(CaptureFilter filter, CaptureOptions options)
    {
        var programs = BpfObject.Load(options.Buffer);
        EbpfSource? source = null;
        try
        {
            var folder = CgroupMount.Find(File.ReadLines("/proc/self/mountinfo"))
                ?? throw new UsageException("eBPF needs cgroup v2, which is not mounted here (mount -t cgroup2 none /sys/fs/cgroup/unified)");
            using var cgroup = Libc.OpenFolder(folder);
            if (cgroup.IsInvalid)
                throw new UsageException($"eBPF could not open the cgroup {folder}: {Libc.ErrorText}");
            source = new EbpfSource(programs, filter, options.Buffer, folder);
            programs.Attach("connect4", cgroup);
            programs.Attach("connect6", cgroup);
            programs.Attach("egress", cgroup);
            programs.Attach("ingress", cgroup);
            return source;
        }
        catch
        {
            source?._ring.Dispose();
            programs.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(IPacketSink sink, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = Read(sink, stop) ? BusyWait : IdleWait;
            if (_ring.Next() == null)
                TellLost(sink, Lost);
            sink.Idle(WallClock.Now);
            _ring.Wait(wait);
        }
    }

    /// <inheritdoc/>
    public void Ignore(IPEndPoint client, IPEndPoint server, ulong network) => _ignored.Add(client, server, network);

    /// <inheritdoc/>
    public void Apply(CaptureFilter filter) => _filter.Apply(filter);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            _ring.Dispose();
            _programs.Dispose();
        }
    }

    // Whether there were packets. It ends when the ring is empty, or after many, so that the sink is idle now and then.
    private bool Read(IPacketSink sink, CancellationToken stop)
    {
        var found = false;
        for (var i = 0; i < MostInTurn && !stop.IsCancellationRequested && _ring.Next() is var record && record != null; i++)
        {
            found = true;
            ref readonly var packet = ref *(RingPacket*)record;
            TellLost(sink, packet.Lost);
            var bytes = new ReadOnlySpan<byte>(record + sizeof(RingPacket), packet.Length);
            sink.Packet(LinkType.Raw, bytes, packet.Length, _clock.At(packet.Time), new PacketSocket(packet.IsEgress != 0, packet.Cgroup, _connecting.Find(packet.Cookie), packet.IsTranslated != 0, packet.Network));
            _ring.Release(record);
        }

        return found;
    }

    // Records of several processors are not quite in order.
    private void TellLost(IPacketSink sink, long lost)
    {
        if (lost <= _told)
            return;
        sink.Lost(lost - _told);
        _told = lost;
    }

    // struct record of capture.bpf.c
    [StructLayout(LayoutKind.Sequential)]
    private struct RingPacket
    {
        public long Time;
        public ulong Cgroup;
        public long Lost;
        public ulong Cookie;
        public ulong Network;
        public int Length;
        public byte IsEgress;
        public byte IsTranslated;
        public short Padding;
    }
}
