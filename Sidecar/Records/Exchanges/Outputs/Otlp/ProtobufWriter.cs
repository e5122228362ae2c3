using System.Buffers.Binary;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>Writes messages in protobuf's wire format (protobuf.dev, "Encoding").</summary>
/// <param name="capacity">Bytes for which there is room at first.</param>
internal sealed class ProtobufWriter(int capacity)
{
    private const int Varint = 0;
    private const int EightBytes = 1;
    private const int Delimited = 2;
    private const int FourBytes = 5;

    private const int LongestVarint = 10;

    private byte[] _bytes = new byte[capacity];
    private int _length;

    /// <summary>What is written so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>A field with a number of any length, or a boolean.</summary>
    public void Number(int field, ulong number)
    {
        Tag(field, Varint);
        Varying(number);
    }

    /// <summary>A field with a number of 64 bits.</summary>
    public void Fixed64(int field, ulong number)
    {
        Tag(field, EightBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), number);
        Advance(sizeof(ulong));
    }

    /// <summary>A field with a number of 32 bits.</summary>
    public void Fixed32(int field, uint number)
    {
        Tag(field, FourBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), number);
        Advance(sizeof(uint));
    }

    /// <summary>Begins a field with a text, bytes or a message, which <see cref="End"/> ends.</summary>
    /// <returns>Its place, for <see cref="End"/>.</returns>
    public int Begin(int field)
    {
        Tag(field, Delimited);
        // One byte for the length: most have fewer than 128 bytes.
        Room(1);
        Advance(1);
        return _length;
    }

    /// <summary>Ends a field.</summary>
    public void End(int start)
    {
        var length = _length - start;
        if (length < 0x80)
        {
            _bytes[start - 1] = (byte)length;
            return;
        }

        // More bytes for the length: what is behind them moves.
        Room(LongestVarint);
        Span<byte> digits = stackalloc byte[LongestVarint];
        var count = Varying((ulong)length, digits);
        _bytes.AsSpan(start, length).CopyTo(_bytes.AsSpan(start - 1 + count));
        digits[..count].CopyTo(_bytes.AsSpan(start - 1));
        Advance(count - 1);
    }

    /// <summary>Room for this number of bytes of a text; <see cref="Advance"/> takes it.</summary>
    public Span<byte> Room(int count)
    {
        if (_bytes.Length - _length < count)
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + count));
        return _bytes.AsSpan(_length);
    }

    /// <summary>Takes bytes of <see cref="Room"/>.</summary>
    public void Advance(int count) => _length += count;

    private void Tag(int field, int type) => Varying(((ulong)field << 3) | (uint)type);

    private void Varying(ulong number) => Advance(Varying(number, Room(LongestVarint)));

    private static int Varying(ulong number, Span<byte> room)
    {
        var length = 0;
        for (; number >= 0x80; number >>= 7)
            room[length++] = (byte)(number | 0x80);
        room[length++] = (byte)number;
        return length;
    }
}
