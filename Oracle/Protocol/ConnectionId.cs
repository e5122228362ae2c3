using System.Buffers.Binary;

namespace Oracle.Protocol;

/// <summary>The name of one connection through a pair of sidecars: 1 to 64 visible ASCII characters.</summary>
public readonly record struct ConnectionId
{
    /// <summary>Longest id that is accepted from other programs.</summary>
    public const int MaxLength = 64;

    // 16 characters, so that a line of 128 bytes also holds a host; 5 bits each make 80 bits.
    private const int OwnLength = 16;
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    private readonly string? _text;

    private ConnectionId(string text) => _text = text;

    /// <summary>Makes a fresh id that nobody can guess.</summary>
    // Of the kernel's random bits: those of RandomNumberGenerator are OpenSSL's, which is not in every image.
    public static ConnectionId New() => new(string.Create(OwnLength, Guid.NewGuid(), static (text, drawn) =>
    {
        Span<byte> bytes = stackalloc byte[16];
        drawn.TryWriteBytes(bytes);
        // 60 and 56 random bits: the version is in the highest four of the first half, the variant in the lowest byte of the second.
        var first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var second = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) >> 8;
        for (var i = 0; i < text.Length; i++)
            text[i] = Alphabet[(int)((i < 12 ? first >> (5 * i) : second >> (5 * (i - 12))) & 31)];
    }));

    /// <summary>Reads an id from the wire.</summary>
    public static bool TryParse(string text, out ConnectionId id)
    {
        var valid = text.Length is > 0 and <= MaxLength && text.All(c => c is > ' ' and <= '~');
        id = valid ? new ConnectionId(text) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}
