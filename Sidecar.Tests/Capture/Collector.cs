using System.Buffers.Binary;
using System.Net;
using global::Packets;
using Sidecar.Capture;
using Sidecar.Tests.Support;

namespace Sidecar.Tests.Capture;

/// <summary>A packet as a source delivered it.</summary>
internal sealed record Seen(IPEndPoint From, IPEndPoint To, byte Flags, uint Sequence, int Payload, int Length, ulong Cgroup, bool IsEgress, long Time, ulong Network)
{
    public const byte Fin = 1;
    public const byte Syn = 2;
    public const byte Rst = 4;
}

/// <summary>Keeps what a source delivers, and puts streams together by their sequence numbers.</summary>
/// <param name="spaces">The namespaces of loopback; none for all. Tests beside this one have connections with the same addresses.</param>
internal sealed class Collector(params NetworkNamespace[] spaces) : IPacketSink
{
    private readonly ulong[] _networks = [.. spaces.Select(space => space.Cookie)];
    private readonly Lock _gate = new();
    private readonly List<Seen> _seen = [];
    private readonly Dictionary<(IPEndPoint, IPEndPoint), Stream> _streams = [];
    private long _lost;

    public IReadOnlyList<Seen> Seen
    {
        get
        {
            lock (_gate)
                return [.. _seen];
        }
    }

    public long TotalLost => Interlocked.Read(ref _lost);

    public int Idles { get; private set; }

    /// <summary>The bytes of one direction, without a gap from its SYN on.</summary>
    public ReadOnlyMemory<byte> Bytes(EndPoint from, EndPoint to)
    {
        lock (_gate)
            return _streams.TryGetValue(((IPEndPoint)from, (IPEndPoint)to), out var stream) ? stream.Whole : default;
    }

    public IEnumerable<Seen> Of(params IEnumerable<int> ports) => Seen.Where(packet => ports.Contains(packet.From.Port) || ports.Contains(packet.To.Port));

    public void Packet(LinkType link, ReadOnlySpan<byte> bytes, int wireLength, long time, in PacketSocket socket)
    {
        if (socket.Network != 0 && _networks.Length > 0 && !_networks.Contains(socket.Network))
            return;
        var isV6 = bytes[0] >> 4 == 6;
        // A packet of more than 64 KB has a hop-by-hop option of 8 bytes (RFC 2675).
        var tcp = bytes[(!isV6 ? (bytes[0] & 15) * 4 : bytes[6] == 0 ? 48 : 40)..];
        var payload = tcp[((tcp[12] >> 4) * 4)..];
        var from = new IPEndPoint(new IPAddress(isV6 ? bytes[8..24] : bytes[12..16]), BinaryPrimitives.ReadUInt16BigEndian(tcp));
        var to = new IPEndPoint(new IPAddress(isV6 ? bytes[24..40] : bytes[16..20]), BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]));
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
        lock (_gate)
        {
            _seen.Add(new(from, to, tcp[13], sequence, payload.Length, wireLength, socket.Group, socket.IsSender, time, socket.Network));
            if ((tcp[13] & Capture.Seen.Syn) != 0)
                _streams.TryAdd((from, to), new Stream(sequence + 1));
            else if (_streams.TryGetValue((from, to), out var stream))
                stream.Add(sequence, payload);
        }
    }

    public void Lost(long count) => Interlocked.Add(ref _lost, count);

    public void Idle(long time) => Idles++;

    private sealed class Stream(uint first)
    {
        private readonly SortedDictionary<long, byte[]> _later = [];
        private byte[] _bytes = [];
        private int _length;

        public ReadOnlyMemory<byte> Whole => _bytes.AsMemory(0, _length);

        public void Add(uint sequence, ReadOnlySpan<byte> payload)
        {
            // Streams of tests are shorter than 2 GB.
            var at = (int)(sequence - first);
            if (at > _length)
                _later.TryAdd(at, payload.ToArray());
            else if (at + payload.Length > _length)
                Append(payload[(_length - at)..]);
            while (_later.Count > 0 && _later.First() is var next && next.Key <= _length)
            {
                _later.Remove(next.Key);
                Add((uint)next.Key + first, next.Value);
            }
        }

        private void Append(ReadOnlySpan<byte> bytes)
        {
            if (_length + bytes.Length > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(64 * 1024, (_length + bytes.Length) * 2));
            bytes.CopyTo(_bytes.AsSpan(_length));
            _length += bytes.Length;
        }
    }
}
