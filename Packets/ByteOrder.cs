using System.Buffers.Binary;

namespace Packets;

/// <summary>Reads numbers in the byte order of a capture.</summary>
/// <param name="IsBig">Whether the most significant byte comes first.</param>
internal readonly record struct ByteOrder(bool IsBig)
{
    public ushort Short(ReadOnlySpan<byte> bytes) => IsBig ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    public uint Word(ReadOnlySpan<byte> bytes) => IsBig ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    public long Long(ReadOnlySpan<byte> bytes) => IsBig ? BinaryPrimitives.ReadInt64BigEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes);
}
