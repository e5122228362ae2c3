using System.Buffers;
using System.Buffers.Binary;
using Sidecar.Transform;

namespace Sidecar.Tests.Relay;

/// <summary>
/// Blocks on the wire: a mark, a length in two bytes and as many bytes, plus one; a block of none is the end. It changes lengths, holds
/// back what makes no whole block, and has an end of its own.
/// </summary>
/// <param name="blockSize">Bytes of a block that is full.</param>
/// <param name="mark">What each block begins with.</param>
internal sealed class FramingEncoder(int blockSize, byte[] mark) : Codec
{
    public static readonly byte[] Mark = [0xb1, 0x0c];

    private readonly byte[] _held = new byte[blockSize];
    private int _count;

    /// <summary>Whether it was told of an end that was none.</summary>
    public bool IsAborted { get; private set; }

    public override bool Apply(Span<byte> chunk, IBufferWriter<byte> output)
    {
        for (ReadOnlySpan<byte> left = chunk; left.Length > 0;)
        {
            var taken = Math.Min(blockSize - _count, left.Length);
            left[..taken].CopyTo(_held.AsSpan(_count));
            _count += taken;
            left = left[taken..];
            if (_count == blockSize)
                WriteBlock(output);
        }

        return false;
    }

    public override bool Finish(IBufferWriter<byte> output)
    {
        if (_count > 0)
            WriteBlock(output);
        WriteBlock(output);
        return true;
    }

    public override void Abort() => IsAborted = true;

    private void WriteBlock(IBufferWriter<byte> output)
    {
        output.Write(mark);
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), (ushort)_count);
        output.Advance(2);
        output.Write(_held.AsSpan(0, _count));
        _count = 0;
    }
}

/// <summary>Reads the blocks of a <see cref="FramingEncoder"/>. A stream that ends before the empty block is not whole.</summary>
internal sealed class FramingDecoder : Codec
{
    private const int HeadLength = 4;

    private readonly byte[] _head = new byte[HeadLength];
    private int _headCount;
    private int _left;
    private bool _hasEnded;

    public bool IsAborted { get; private set; }

    public override bool Apply(Span<byte> chunk, IBufferWriter<byte> output)
    {
        for (ReadOnlySpan<byte> left = chunk; left.Length > 0;)
        {
            if (_hasEnded)
                throw new InvalidDataException("bytes behind the end");
            if (_left == 0)
            {
                _head[_headCount++] = left[0];
                left = left[1..];
                if (_headCount == HeadLength)
                    ReadHead();
            }
            else
            {
                var taken = Math.Min(_left, left.Length);
                output.Write(left[..taken]);
                _left -= taken;
                left = left[taken..];
            }
        }

        return false;
    }

    public override bool Finish(IBufferWriter<byte> output) => _hasEnded;

    public override void Abort() => IsAborted = true;

    private void ReadHead()
    {
        if (!_head.AsSpan(0, 2).SequenceEqual(FramingEncoder.Mark))
            throw new InvalidDataException("no block begins here");
        _left = BinaryPrimitives.ReadUInt16BigEndian(_head.AsSpan(2));
        _hasEnded = _left == 0;
        _headCount = 0;
    }
}
