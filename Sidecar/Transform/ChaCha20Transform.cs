using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ByteFilters;
using Sidecar.Transform.Kernels;

namespace Sidecar.Transform;

/// <summary>
/// Exclusive or with the key stream of ChaCha20 (RFC 8439), from block 0 on. Both directions of a connection, and all
/// connections with the same expression, use the same stream, so it hides nothing.
/// </summary>
internal sealed class ChaCha20Transform : ByteTransform
{
    private const long MaxBlocks = 1L << 32;

    private readonly ChaCha20Kernel _kernel;
    private readonly uint[] _state = new uint[ChaCha20Kernel.Words];
    private readonly byte[] _stream;
    private long _block;
    private int _used;
    private int _end;

    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="kernel">Computes the stream.</param>
    /// <param name="firstBlock">Number of the first block; tests begin near the end.</param>
    public ChaCha20Transform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ChaCha20Kernel kernel, long firstBlock = 0)
    {
        (_kernel, _block) = (kernel, firstBlock);
        _stream = new byte[kernel.Blocks * ChaCha20Kernel.BlockSize];
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
            if (_used == _end)
                Refill();
            var count = Math.Min(bytes.Length, _end - _used);
            Xor.Apply(bytes[..count], _stream.AsSpan(_used));
            _used += count;
            bytes = bytes[count..];
        }
    }

    private void Refill()
    {
        // Near its end the kernel computes more blocks than there are.
        var blocks = (int)Math.Min(_kernel.Blocks, MaxBlocks - _block);
        if (blocks == 0)
            throw new InvalidOperationException("the key stream is used up");
        _state[ChaCha20Kernel.Counter] = (uint)_block;
        _kernel.Fill(_state, _stream);
        var words = MemoryMarshal.Cast<byte, uint>(_stream.AsSpan());
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
        _block += blocks;
        (_used, _end) = (0, blocks * ChaCha20Kernel.BlockSize);
    }
}
