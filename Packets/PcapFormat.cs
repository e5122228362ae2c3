namespace Packets;

/// <summary>Frames of a pcap file (draft-ietf-opsawg-pcap).</summary>
internal sealed class PcapFormat(StreamWindow window) : ICaptureFormat
{
    private const uint Microseconds = 0xA1B2C3D4;
    private const uint Nanoseconds = 0xA1B23C4D;
    private const int FileHeader = 24;
    private const int PacketHeader = 16;
    private const int Version = 2;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private ByteOrder _order;
    private LinkType? _link;
    private long _fraction;

    public bool IsWhole => _fraction != 0 && window.Bytes.IsEmpty;

    /// <summary>Whether a number, read in the right order, begins such a file.</summary>
    public static bool IsMagic(uint number) => number is Microseconds or Nanoseconds;

    public bool TryRead(out CapturedFrame frame)
    {
        frame = default;
        if ((_fraction == 0 && !TryReadHeader()) || !window.Has(PacketHeader))
            return false;
        var header = window.Bytes;
        var (seconds, fraction, captured, length) = (_order.Word(header), _order.Word(header[4..]), _order.Word(header[8..]), _order.Word(header[12..]));
        if (captured > CaptureReader.MaxPacketBytes)
            throw CaptureFault.At(window.Position + 8, $"a packet of at most {CaptureReader.MaxPacketBytes:N0} bytes", $"{captured:N0}");
        if (!window.Has(PacketHeader + (int)captured))
            return false;
        frame = new CapturedFrame
        {
            Link = _link,
            Bytes = window.Bytes.Slice(PacketHeader, (int)captured),
            WireLength = (int)Math.Clamp(length, captured, int.MaxValue),
            Time = (seconds * NanosecondsPerSecond) + (fraction * _fraction),
        };
        window.Advance(PacketHeader + (int)captured);
        return true;
    }

    private bool TryReadHeader()
    {
        if (!window.Has(FileHeader))
            return false;
        var header = window.Bytes;
        _order = new ByteOrder(!IsMagic(new ByteOrder(IsBig: false).Word(header)));
        if (_order.Short(header[4..]) is not Version and var version)
            throw CaptureFault.At(window.Position + 4, $"version {Version} of pcap", $"{version}");
        // The upper bits are about frame check sequences.
        _link = LinkTypes.Of((int)(_order.Word(header[20..]) & 0xFFFF));
        _fraction = _order.Word(header) == Nanoseconds ? 1 : TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerMicrosecond;
        window.Advance(FileHeader);
        return true;
    }
}
