namespace Sidecar.Observation.Http2.Hpack;

/// <summary>A field in a table: its bytes, or only their number.</summary>
internal readonly ref struct TableField
{
    public TableField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name = name;
        Value = value;
        (NameLength, ValueLength) = (name.Length, value.Length);
    }

    public TableField(int nameLength, int valueLength) => (NameLength, ValueLength, IsLost) = (nameLength, valueLength, true);

    public ReadOnlySpan<byte> Name { get; }

    public ReadOnlySpan<byte> Value { get; }

    public int NameLength { get; }

    public int ValueLength { get; }

    /// <summary>Whether there was no memory for its bytes.</summary>
    public bool IsLost { get; }
}
