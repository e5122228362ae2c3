using System.Buffers.Binary;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>Reads the fields of a message in protobuf's wire format. What is not well-formed ends the message.</summary>
/// <param name="message">The message.</param>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The field's number.</summary>
    public int Field { get; private set; }

    /// <summary>The field's value if it is a number; otherwise 0.</summary>
    public long Number { get; private set; }

    /// <summary>The field's bytes if it is a text, bytes or a message; otherwise none.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Reads the next field.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        Number = 0;
        Bytes = default;
        if (!TryVarying(out var tag) || tag >> 3 is 0 or > 0x1fff_ffff)
            return false;
        Field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                var isNumber = TryVarying(out var number);
                Number = (long)number;
                return isNumber;
            case 1:
                if (!TryTake(sizeof(long), out var eight))
                    return false;
                Number = BinaryPrimitives.ReadInt64LittleEndian(eight);
                return true;
            case 2:
                if (!TryVarying(out var length) || length > int.MaxValue || !TryTake((int)length, out var bytes))
                    return false;
                Bytes = bytes;
                return true;
            case 5:
                if (!TryTake(sizeof(int), out var four))
                    return false;
                Number = BinaryPrimitives.ReadInt32LittleEndian(four);
                return true;
            default:
                return false;
        }
    }

    private bool TryTake(int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (count > _rest.Length)
            return false;
        bytes = _rest[..count];
        _rest = _rest[count..];
        return true;
    }

    private bool TryVarying(out ulong number)
    {
        number = 0;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            number |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
