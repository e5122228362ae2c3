namespace Packets;

/// <summary>Frames of a pcapng file (draft-ietf-opsawg-pcapng): sections of blocks, each of which says its length before and behind it.</summary>
internal sealed class PcapNgFormat(StreamWindow window) : ICaptureFormat
{
    /// <summary>The type of a section's header, the same in both byte orders.</summary>
    public const uint SectionHeader = 0x0A0D0D0A;

    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;
    private const uint ByteOrderMagic = 0x1A2B3C4D;
    private const int Version = 1;

    private const int BlockHeader = 8;
    private const int BlockTrailer = 4;
    private const int MinBlock = BlockHeader + BlockTrailer;
    private const uint MaxBlock = 256 * 1024 * 1024;
    private const int MaxDescription = 1024 * 1024;
    private const int MaxInterfaces = 65_536;
    private const int SectionBytes = 28;
    private const int InterfaceBytes = 20;
    private const int PacketHeader = 28;
    private const int SimplePacketHeader = 12;

    private readonly List<CapturedInterface> _interfaces = [];
    private ByteOrder _order;
    private uint _length;
    private long _rest;
    private long _time;

    public bool IsWhole => _length == 0 && window.Bytes.IsEmpty;

    public bool TryRead(out CapturedFrame frame)
    {
        frame = default;
        while (FinishBlock() && window.Has(MinBlock))
        {
            var type = TypeAndLength(out var length);
            var isRead = type switch
            {
                SectionHeader => TryBeginSection(length),
                InterfaceDescription => TryAddInterface(length),
                EnhancedPacket or ObsoletePacket => TryReadPacket(type, length, out frame),
                SimplePacket => TryReadSimplePacket(length, out frame),
                _ => Begin(length, BlockHeader),
            };
            if (!isRead)
                return false;
            if (type is EnhancedPacket or ObsoletePacket or SimplePacket)
                return true;
        }

        return false;
    }

    private uint TypeAndLength(out uint length)
    {
        var block = window.Bytes;
        var type = _order.Word(block);
        // Its byte order is that of the section which it begins.
        if (type == SectionHeader)
            _order = OrderOf(block[BlockHeader..]);
        length = _order.Word(block[4..]);
        if (length is < MinBlock or > MaxBlock || length % 4 != 0)
            throw CaptureFault.At(window.Position + 4, $"the length of a block, a multiple of 4 from {MinBlock} to {MaxBlock:N0}", $"{length:N0}");
        return type;
    }

    private ByteOrder OrderOf(ReadOnlySpan<byte> magic) => (new ByteOrder(IsBig: true).Word(magic), new ByteOrder(IsBig: false).Word(magic)) switch
    {
        (ByteOrderMagic, _) => new ByteOrder(IsBig: true),
        (_, ByteOrderMagic) => new ByteOrder(IsBig: false),
        var (found, _) => throw CaptureFault.At(window.Position + BlockHeader, $"the byte order of a section, 0x{ByteOrderMagic:X8} either way", $"0x{found:X8}"),
    };

    // What follows the part of a block that is read is skipped when the next block is looked for: a packet need not wait for it.
    private bool Begin(uint length, int read)
    {
        window.Advance(read);
        (_length, _rest) = (length, length - read - BlockTrailer);
        return true;
    }

    private bool FinishBlock()
    {
        _rest = window.Skip(_rest);
        if (_length == 0)
            return true;
        if (_rest > 0 || !window.Has(BlockTrailer))
            return false;
        if (_order.Word(window.Bytes) is var length && length != _length)
            throw CaptureFault.At(window.Position, $"the length of the block again, {_length:N0}", $"{length:N0}");
        window.Advance(BlockTrailer);
        _length = 0;
        return true;
    }

    private bool TryBeginSection(uint length)
    {
        Expect(length >= SectionBytes, "a section's header", length);
        if (!window.Has(SectionBytes))
            return false;
        if (_order.Short(window.Bytes[12..]) is not Version and var version)
            throw CaptureFault.At(window.Position + 12, $"version {Version} of pcapng", $"{version}");
        _interfaces.Clear();
        return Begin(length, SectionBytes - BlockTrailer);
    }

    private bool TryAddInterface(uint length)
    {
        Expect(length is >= InterfaceBytes and <= MaxDescription && _interfaces.Count < MaxInterfaces, "the description of an interface", length);
        if (!window.Has((int)length))
            return false;
        _interfaces.Add(CapturedInterface.Read(_order, window.Bytes[BlockHeader..(int)(length - BlockTrailer)]));
        return Begin(length, (int)length - BlockTrailer);
    }

    // The obsolete block has 16 bits for the interface, and a count of drops in the other 16.
    private bool TryReadPacket(uint type, uint length, out CapturedFrame frame)
    {
        frame = default;
        Expect(length >= PacketHeader + BlockTrailer, "a packet", length);
        if (!window.Has(PacketHeader))
            return false;
        var header = window.Bytes[BlockHeader..];
        var index = type == EnhancedPacket ? _order.Word(header) : _order.Short(header);
        if (index >= _interfaces.Count)
            throw CaptureFault.At(window.Position + BlockHeader, $"one of {_interfaces.Count} interfaces", $"{index}");
        var source = _interfaces[(int)index];
        var time = source.Clock.Nanoseconds(((ulong)_order.Word(header[4..]) << 32) | _order.Word(header[8..]));
        var (captured, onWire) = (_order.Word(header[12..]), _order.Word(header[16..]));
        return TryTake(length, PacketHeader, captured, new CapturedFrame { Link = source.Link, WireLength = (int)Math.Clamp(onWire, 0, int.MaxValue), Time = time }, out frame);
    }

    // It has no time: that of the packet before it is the nearest. It is of the first interface, and as long as that one allows.
    private bool TryReadSimplePacket(uint length, out CapturedFrame frame)
    {
        frame = default;
        Expect(length >= SimplePacketHeader + BlockTrailer, "a packet", length);
        if (_interfaces.Count == 0)
            throw CaptureFault.At(window.Position, "the description of an interface", "a packet");
        var onWire = _order.Word(window.Bytes[BlockHeader..]);
        var (source, captured) = (_interfaces[0], Math.Min(onWire, length - SimplePacketHeader - BlockTrailer));
        if (source.SnapLength > 0)
            captured = Math.Min(captured, source.SnapLength);
        return TryTake(length, SimplePacketHeader, captured, new CapturedFrame { Link = source.Link, WireLength = (int)Math.Min(onWire, int.MaxValue), Time = _time }, out frame);
    }

    private bool TryTake(uint length, int header, uint captured, CapturedFrame about, out CapturedFrame frame)
    {
        frame = default;
        var largest = Math.Min(CaptureReader.MaxPacketBytes, length - header - BlockTrailer);
        if (captured > largest)
            throw CaptureFault.At(window.Position + header - 8, $"a packet of at most {largest:N0} bytes", $"{captured:N0}");
        var read = header + (int)captured;
        if (!window.Has(read))
            return false;
        _time = about.Time;
        frame = new CapturedFrame { Link = about.Link, Bytes = window.Bytes[header..read], WireLength = Math.Max(about.WireLength, (int)captured), Time = about.Time };
        return Begin(length, read);
    }

    private void Expect(bool holds, string what, uint length)
    {
        if (!holds)
            throw CaptureFault.At(window.Position, what, $"a block of {length:N0} bytes, after {_interfaces.Count} interfaces");
    }
}
