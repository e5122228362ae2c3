using System.Buffers;
using Sidecar.Observation.Memory;

namespace Sidecar.Observation.Http2.Hpack;

/// <summary>
/// Decodes the header blocks of one direction (RFC 7541), all of them in order, because a block can refer to any earlier one.
/// </summary>
/// <param name="maxListBytes">Most bytes of a block's decoded fields, counted as in RFC 9113, 6.5.2.</param>
/// <param name="memory">Charged for the table of fields that got a number.</param>
internal sealed class HpackDecoder(int maxListBytes, MemoryAccount memory)
{
    private const string Broken = "a broken header block";

    private readonly DynamicTable _table = new(memory);
    private byte[]? _decoded;
    private int _decodedLength;

    /// <summary>The table size that the receiver of the blocks allows.</summary>
    public TableSizeLimit TableSize { get; } = new();

    /// <summary>Decodes a whole block.</summary>
    /// <param name="block">The block, joined from its fragments.</param>
    /// <param name="head">Gets the fields; null if they are not needed.</param>
    /// <returns>Why the block, and with it all later ones, breaks the protocol; null if it does not.</returns>
    public string? Decode(ReadOnlySpan<byte> block, MessageHead? head)
    {
        var failure = DecodeFields(block, head);
        if (_decoded is not null)
            ArrayPool<byte>.Shared.Return(_decoded);
        _decoded = null;
        return failure;
    }

    /// <summary>The size of the dynamic table.</summary>
    public int TableBytes => _table.Size;

    /// <summary>Releases the table's memory.</summary>
    public void Release() => _table.Release();

    private string? DecodeFields(ReadOnlySpan<byte> block, MessageHead? head)
    {
        var left = maxListBytes;
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0xE0) == 0x20)
            {
                // Only before the fields (RFC 7541, 4.2).
                if (left < maxListBytes || !HpackInteger.TryRead(ref block, 5, out var size))
                    return Broken;
                if (size > TableSize.Allowed)
                    return "a header table larger than was allowed";
                _table.Resize(size);
                continue;
            }

            if (!TryReadField(ref block, first, out var field))
                return Broken;
            left -= field.NameLength + field.ValueLength + DynamicTable.FieldOverhead;
            if (left < 0)
                return "a header list that is too long";
            if (head is not null)
                Keep(head, field);
            if ((first & 0xC0) == 0x40)
                _table.Add(field);
        }

        return null;
    }

    private static void Keep(MessageHead head, in TableField field)
    {
        var name = field.Name;
        var value = field.Value;
        if (field.IsLost)
            head.CutForLack();
        else if (name is not [(byte)':', ..])
            head.Add(name, value);
        else if (name.SequenceEqual(":method"u8))
            head.SetMethod(value);
        else if (name.SequenceEqual(":path"u8))
            head.SetTarget(value);
        else if (name.SequenceEqual(":status"u8))
            head.Status = int.TryParse(value, System.Globalization.NumberStyles.None, null, out var status) && status is >= 100 and < 1000 ? status : 0;
        else
            head.Add(name, value);
    }

    private bool TryReadField(ref ReadOnlySpan<byte> block, byte first, out TableField field)
    {
        field = default;
        if (first >= 0x80)
            return HpackInteger.TryRead(ref block, 7, out var indexed) && TryGet(indexed, out field);

        // A field that enters the table has a longer number.
        _decodedLength = 0;
        if (!HpackInteger.TryRead(ref block, first >= 0x40 ? 6 : 4, out var number))
            return false;
        if (number == 0)
        {
            if (!TryReadString(ref block, out var name))
                return false;
            field = new TableField(name, default);
        }
        else if (!TryGet(number, out field))
        {
            return false;
        }

        if (!TryReadString(ref block, out var value))
            return false;
        field = field.IsLost ? new TableField(field.NameLength, value.Length) : new TableField(field.Name, value);
        return true;
    }

    private bool TryGet(int number, out TableField field)
    {
        field = default;
        if (number == 0 || number - StaticTable.Count > _table.Count)
            return false;
        if (number > StaticTable.Count)
        {
            field = _table.Get(number - StaticTable.Count - 1);
            return true;
        }

        StaticTable.Get(number, out var name, out var value);
        field = new TableField(name, value);
        return true;
    }

    private bool TryReadString(ref ReadOnlySpan<byte> block, out ReadOnlySpan<byte> text)
    {
        text = default;
        var isHuffman = !block.IsEmpty && block[0] >= 0x80;
        if (!HpackInteger.TryRead(ref block, 7, out var length) || length > block.Length)
            return false;
        text = block[..length];
        // Room for all strings of the rest of the block, so that a name and its value fit side by side.
        if (isHuffman)
            _decoded ??= ArrayPool<byte>.Shared.Rent(Huffman.MaxDecoded(block.Length));
        block = block[length..];
        if (!isHuffman)
            return true;

        var decoded = Huffman.Decode(text, _decoded.AsSpan(_decodedLength));
        if (decoded < 0)
            return false;
        text = _decoded.AsSpan(_decodedLength, decoded);
        _decodedLength += decoded;
        return true;
    }
}
