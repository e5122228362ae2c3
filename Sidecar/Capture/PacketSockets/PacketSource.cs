using System.Buffers.Binary;
using System.Net;
using Chassis;
using Microsoft.Win32.SafeHandles;
using Packets;
using Sidecar.Options;

namespace Sidecar.Capture.PacketSockets;

/// <summary>
/// Packets at the interfaces of one network namespace: that of the thread which opens the source. A packet that passes several
/// interfaces (a bridge and its port) comes several times.
/// </summary>
internal sealed unsafe class PacketSource : ICaptureSource
{
    // linux/if_packet.h, if_ether.h, asm-generic/socket.h
    private const int PacketFamily = 17;
    private const int WithoutLinkHeader = 2;
    private const int PacketLevel = 263;
    private const int StatisticsOption = 6;
    private const int SocketLevel = 1;
    private const int FilterOption = 26;
    private const ushort AllProtocols = 3;
    private const byte Outgoing = 4;
    private const uint Losing = 4;

    private const int LongestWait = 100;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly SafeFileHandle _socket;
    private readonly PacketRing _ring;
    private readonly Lock _gate = new();
    private volatile PacketFilter _filter;
    private long _lost;
    private long _told;

    private PacketSource(SafeFileHandle socket, PacketRing ring, CaptureFilter filter, string description)
    {
        (_socket, _ring, _filter) = (socket, ring, new PacketFilter(filter));
        Description = description;
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public long Lost
    {
        get
        {
            // struct tpacket_stats_v3: packets, drops, times that the ring was full. Reading sets them to 0.
            var counts = stackalloc uint[3];
            var length = 3 * sizeof(uint);
            lock (_gate)
            {
                if (!_socket.IsClosed && Libc.GetOption(_socket, PacketLevel, StatisticsOption, counts, &length) == 0)
                    _lost += counts[1];
                return _lost;
            }
        }
    }

    /// <summary>Opens a socket that sees packets.</summary>
    /// <exception cref="UsageException">It is not possible; the line names what is missing.</exception>
    public static PacketSource Open(CaptureFilter filter, CaptureOptions options)
    {
        RefuseCgroups(filter);
        var index = 0;
        if (options.Interface is { } name && (index = Libc.InterfaceIndex(name)) == 0)
            throw new UsageException($"there is no interface {name} here");
        var socket = Libc.CreateSocket(PacketFamily, WithoutLinkHeader);
        PacketRing? ring = null;
        try
        {
            if (socket.IsInvalid)
                throw Failure("open a packet socket");
            ring = PacketRing.Create(socket, options.Buffer) ?? throw Failure("make a ring");
            // Before the socket is bound, so that no other packet comes.
            Attach(socket, filter);
            Bind(socket, index);
            return new PacketSource(socket, ring, filter, $"packets of {(options.Interface is null ? "all interfaces" : $"interface {options.Interface}")}");
        }
        catch
        {
            ring?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(IPacketSink sink, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (_ring.Next(out var count) is var first && first != null)
            {
                Deliver(sink, first, count);
                _ring.Release();
                continue;
            }

            TellLost(sink);
            sink.Idle(WallClock.Now);
            Libc.WaitReadable((int)_socket.DangerousGetHandle(), LongestWait);
        }
    }

    /// <inheritdoc/>
    public void Ignore(IPEndPoint client, IPEndPoint server, ulong network)
    {
        // A socket's filter cannot know many connections.
    }

    /// <inheritdoc/>
    public void Apply(CaptureFilter filter)
    {
        RefuseCgroups(filter);
        _filter = new PacketFilter(filter);
        Attach(_socket, filter);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _ring.Dispose();
            _socket.Dispose();
        }
    }

    private void Deliver(IPacketSink sink, RingPacket* packet, int count)
    {
        for (var i = 0; i < count; i++, packet = (RingPacket*)((byte*)packet + packet->Next))
        {
            if ((packet->Status & Losing) != 0)
                TellLost(sink);
            var whole = new ReadOnlySpan<byte>((byte*)packet + packet->Start, packet->Length);
            var bytes = PacketFilter.Untagged(whole);
            var wireLength = packet->WireLength - whole.Length + bytes.Length;
            if (_filter.Admits(bytes))
                sink.Packet(LinkType.Raw, bytes, wireLength, (packet->Seconds * NanosecondsPerSecond) + packet->Nanoseconds, new PacketSocket(packet->PacketType == Outgoing));
        }
    }

    private void TellLost(IPacketSink sink)
    {
        var lost = Lost;
        if (lost > _told)
            sink.Lost(lost - _told);
        _told = lost;
    }

    private static void RefuseCgroups(CaptureFilter filter)
    {
        if (filter.Cgroups.Count > 0)
            throw new UsageException("capture.cgroups: packets of interfaces have no control groups; only eBPF knows them");
    }

    private static void Attach(SafeFileHandle socket, CaptureFilter filter)
    {
        var code = PacketFilterCode.For(filter.ServerPorts);
        fixed (PacketFilterCode.Instruction* instructions = code)
        {
            // struct sock_fprog
            var program = stackalloc nint[] { code.Length, (nint)instructions };
            if (Libc.SetOption(socket, SocketLevel, FilterOption, program, 2 * sizeof(nint)) != 0)
                throw Failure("filter packets");
        }
    }

    private static void Bind(SafeFileHandle socket, int index)
    {
        // struct sockaddr_ll: family, protocol, interface; the rest is for senders.
        var address = stackalloc byte[20];
        new Span<byte>(address, 20).Clear();
        *(ushort*)address = PacketFamily;
        *(ushort*)(address + 2) = BinaryPrimitives.ReverseEndianness(AllProtocols);
        *(int*)(address + 4) = index;
        if (Libc.Bind(socket, address, 20) != 0)
            throw Failure("see packets");
    }

    private static UsageException Failure(string what)
    {
        var text = $"packets of interfaces: could not {what}: {Libc.ErrorText}";
        return new UsageException(Capabilities.HasNetRaw ? text : $"{text}; missing: CAP_NET_RAW");
    }
}
