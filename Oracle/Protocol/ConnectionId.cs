using System.Security.Cryptography;

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
    public static ConnectionId New() => new(RandomNumberGenerator.GetString(Alphabet, OwnLength));

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
