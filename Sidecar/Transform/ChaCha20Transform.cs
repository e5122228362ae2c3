using System.Buffers.Binary;
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
        "expand 32-byte k"u8.CopyTo(MemoryMarshal.AsBytes(_state.AsSpan()));
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
        Span<Vector256<uint>> start = stackalloc Vector256<uint>[Words];
        Span<Vector256<uint>> x = stackalloc Vector256<uint>[Words];
        for (var i = 0; i < Words; i++)
            start[i] = Vector256.Create(_state[i]);
        start[12] = Vector256.Create((uint)_blocks) + Vector256<uint>.Indices;
        start.CopyTo(x);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < 4; i++)
                QuarterRound(ref x[i], ref x[4 + i], ref x[8 + i], ref x[12 + i]);
            for (var i = 0; i < 4; i++)
                QuarterRound(ref x[i], ref x[4 + ((i + 1) % 4)], ref x[8 + ((i + 2) % 4)], ref x[12 + ((i + 3) % 4)]);
        }

        for (var word = 0; word < Words; word++)
        {
            var sum = x[word] + start[word];
            for (var lane = 0; lane < Lanes; lane++)
                BinaryPrimitives.WriteUInt32LittleEndian(_stream.AsSpan((lane * BlockSize) + (4 * word)), sum[lane]);
        }

        _blocks += Lanes;
        _used = 0;
    }

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
