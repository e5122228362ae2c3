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
    private const int DoubleRounds = 10;
    private const int BlockSize = 64;

    // Computed together: two in each of two sets of rows, which do not wait for each other.
    private const int BlocksOfRows = 2;
    private const int Blocks = 2 * BlocksOfRows;
    private const int BatchSize = Blocks * BlockSize;

    private readonly uint[] _state = new uint[Words];
    private readonly byte[] _stream = new byte[BatchSize];
    private int _used = BatchSize;
    private long _blocks;

    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="firstBlock">Where in the stream it begins, a multiple of four blocks; tests begin near the end.</param>
    public ChaCha20Transform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, long firstBlock = 0)
    {
        _blocks = firstBlock;
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
        var (first, second) = (Start(_blocks), Start(_blocks + BlocksOfRows));
        var (x, y) = (first, second);
        for (var round = 0; round < DoubleRounds; round++)
            (x, y) = (x.DoubleRound(), y.DoubleRound());
        var words = MemoryMarshal.Cast<byte, uint>(_stream.AsSpan());
        x.Plus(first).CopyTo(words);
        y.Plus(second).CopyTo(words[(BlocksOfRows * Words)..]);
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
        _blocks += Blocks;
        _used = 0;
    }

    private Rows Start(long block)
    {
        var rows = MemoryMarshal.Cast<uint, Vector128<uint>>(_state);
        var counted = rows[3].WithElement(0, (uint)block);
        return new Rows(
            Vector256.Create(rows[0], rows[0]), Vector256.Create(rows[1], rows[1]), Vector256.Create(rows[2], rows[2]),
            Vector256.Create(counted, counted.WithElement(0, (uint)block + 1)));
    }

    /// <summary>The four rows of two blocks, one in each half.</summary>
    private readonly struct Rows(Vector256<uint> first, Vector256<uint> second, Vector256<uint> third, Vector256<uint> fourth)
    {
        private readonly Vector256<uint> _a = first;
        private readonly Vector256<uint> _b = second;
        private readonly Vector256<uint> _c = third;
        private readonly Vector256<uint> _d = fourth;

        // Four quarter rounds down the columns at once; turned, the diagonals are columns too.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Rows DoubleRound()
        {
            var columns = Round();
            var turned = new Rows(
                columns._a,
                Vector256.Shuffle(columns._b, Vector256.Create(1u, 2, 3, 0, 5, 6, 7, 4)),
                Vector256.Shuffle(columns._c, Vector256.Create(2u, 3, 0, 1, 6, 7, 4, 5)),
                Vector256.Shuffle(columns._d, Vector256.Create(3u, 0, 1, 2, 7, 4, 5, 6)));
            var diagonals = turned.Round();
            return new Rows(
                diagonals._a,
                Vector256.Shuffle(diagonals._b, Vector256.Create(3u, 0, 1, 2, 7, 4, 5, 6)),
                Vector256.Shuffle(diagonals._c, Vector256.Create(2u, 3, 0, 1, 6, 7, 4, 5)),
                Vector256.Shuffle(diagonals._d, Vector256.Create(1u, 2, 3, 0, 5, 6, 7, 4)));
        }

        public Rows Plus(Rows other) => new(_a + other._a, _b + other._b, _c + other._c, _d + other._d);

        public void CopyTo(Span<uint> words)
        {
            Vector128.CopyTo(_a.GetLower(), words);
            Vector128.CopyTo(_b.GetLower(), words[4..]);
            Vector128.CopyTo(_c.GetLower(), words[8..]);
            Vector128.CopyTo(_d.GetLower(), words[12..]);
            Vector128.CopyTo(_a.GetUpper(), words[16..]);
            Vector128.CopyTo(_b.GetUpper(), words[20..]);
            Vector128.CopyTo(_c.GetUpper(), words[24..]);
            Vector128.CopyTo(_d.GetUpper(), words[28..]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Rows Round()
        {
            var a = _a + _b;
            var d = Rotate(_d ^ a, 16);
            var c = _c + d;
            var b = Rotate(_b ^ c, 12);
            a += b;
            d = Rotate(d ^ a, 8);
            c += d;
            b = Rotate(b ^ c, 7);
            return new Rows(a, b, c, d);
        }

        private static Vector256<uint> Rotate(Vector256<uint> value, int bits) => (value << bits) | (value >>> (32 - bits));
    }
}
