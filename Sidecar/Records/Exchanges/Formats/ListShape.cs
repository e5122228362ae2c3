namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The characters around a field's name and its values, where a field has a list of values.</summary>
internal readonly ref struct ListShape
{
    /// <summary><c>"NAME":["VALUE","VALUE"]</c>.</summary>
    public static ListShape Members => new() { Name = "\""u8, First = "\":[\""u8, Next = "\",\""u8, End = "\"]"u8 };

    /// <summary>Attributes of OTLP.</summary>
    public static ListShape Attributes => new()
    {
        Name = "{\"key\":\""u8,
        First = "\",\"value\":{\"arrayValue\":{\"values\":[{\"stringValue\":\""u8,
        Next = "\"},{\"stringValue\":\""u8,
        End = "\"}]}}}"u8,
    };

    /// <summary>Before a name.</summary>
    public ReadOnlySpan<byte> Name { get; private init; }

    /// <summary>Between a name and its first value.</summary>
    public ReadOnlySpan<byte> First { get; private init; }

    /// <summary>Between two values.</summary>
    public ReadOnlySpan<byte> Next { get; private init; }

    /// <summary>Behind the last value.</summary>
    public ReadOnlySpan<byte> End { get; private init; }

    /// <summary>The characters around a name with one value, with a comma before it.</summary>
    public int Length => 1 + Name.Length + First.Length + End.Length;
}
