using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Oracle.Protocol.Expressions;

namespace Sidecar.Transform;

/// <summary>
/// Exclusive or with the key stream of ChaCha20 (RFC 8439), from block 0 on. Both directions of a connection, and every
/// connection with the same expression, use the same stream: it hides nothing.
/// </summary>
internal sealed class ChaCha20Transform : ByteTransform
{
    private const int Words = 16;
    private const int Rounds = 10;

    // Computed together, one to a lane.
    private const int Lanes = 8;
    private const int BlockSize = 64;
    private const int BatchSize = Lanes * BlockSize;

    private readonly uint[] _state = new uint[Words];
    private readonly byte[] _stream = new byte[BatchSize];
    private int _used = BatchSize;
    private long _blocks;

    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">12 bytes.</param>
    public ChaCha20Transform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce)
    {
        for (var i = 0; i < 4; i++)
            _state[i] = BinaryPrimitives.ReadUInt32LittleEndian("expand 32-byte k"u8[(4 * i)..]);
        for (var i = 0; i < 8; i++)
            _state[4 + i] = BinaryPrimitives.ReadUInt32LittleEndian(key[(4 * i)..]);
        for (var i = 0; i < 3; i++)
            _state[13 + i] = BinaryPrimitives.ReadUInt32LittleEndian(nonce[(4 * i)..]);
    }

    /// <exception cref="InvalidOperationException">The stream is used up, after 256 GiB: its block counter has 32 bits.</exception>
    public override void Apply(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_used == BatchSize)
                Refill();
            var count = Math.Min(bytes.Length, BatchSize - _used);
            Xor.Apply(bytes[..count], _stream.AsSpan(_used));
            _used += count;
            bytes = bytes[count..];
        }
    }

    private void Refill()
    {
        if (_blocks > uint.MaxValue)
            throw new InvalidOperationException("the key stream is used up");
        var counters = Vector256.Create((uint)_blocks) + Vector256<uint>.Indices;
        // Locals, not an array: as many as possible stay in registers.
        var (x0, x1, x2, x3) = (Lane(0), Lane(1), Lane(2), Lane(3));
        var (x4, x5, x6, x7) = (Lane(4), Lane(5), Lane(6), Lane(7));
        var (x8, x9, x10, x11) = (Lane(8), Lane(9), Lane(10), Lane(11));
        var (x12, x13, x14, x15) = (counters, Lane(13), Lane(14), Lane(15));
        for (var round = 0; round < Rounds; round++)
        {
            QuarterRound(ref x0, ref x4, ref x8, ref x12);
            QuarterRound(ref x1, ref x5, ref x9, ref x13);
            QuarterRound(ref x2, ref x6, ref x10, ref x14);
            QuarterRound(ref x3, ref x7, ref x11, ref x15);
            QuarterRound(ref x0, ref x5, ref x10, ref x15);
            QuarterRound(ref x1, ref x6, ref x11, ref x12);
            QuarterRound(ref x2, ref x7, ref x8, ref x13);
            QuarterRound(ref x3, ref x4, ref x9, ref x14);
        }

        Span<Vector256<uint>> sums = [
            x0 + Lane(0), x1 + Lane(1), x2 + Lane(2), x3 + Lane(3), x4 + Lane(4), x5 + Lane(5), x6 + Lane(6), x7 + Lane(7),
            x8 + Lane(8), x9 + Lane(9), x10 + Lane(10), x11 + Lane(11), x12 + counters, x13 + Lane(13), x14 + Lane(14), x15 + Lane(15)];
        Transpose(MemoryMarshal.Cast<Vector256<uint>, uint>(sums), MemoryMarshal.Cast<byte, uint>(_stream.AsSpan()));
        _blocks += Lanes;
        _used = 0;
    }

    private Vector256<uint> Lane(int word) => Vector256.Create(_state[word]);

    // Each lane's words, one behind the other, are a block.
    private static void Transpose(ReadOnlySpan<uint> words, Span<uint> blocks)
    {
        for (var word = 0; word < Words; word++)
        {
            for (var lane = 0; lane < Lanes; lane++)
                blocks[(lane * Words) + word] = words[(word * Lanes) + lane];
        }

        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(blocks, blocks);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRound(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d)
    {
        a += b;
        d = Rotate(d ^ a, 16);
        c += d;
        b = Rotate(b ^ c, 12);
        a += b;
        d = Rotate(d ^ a, 8);
        c += d;
        b = Rotate(b ^ c, 7);
    }

    private static Vector256<uint> Rotate(Vector256<uint> value, int bits) => (value << bits) | (value >>> (32 - bits));
}
