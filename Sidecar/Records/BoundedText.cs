using System.Security.Cryptography;
using System.Text;
using ByteFilters;

namespace Sidecar.Records;

/// <summary>
/// Shortens texts of other parties for records, the admin port and the log: whole up to <see cref="MaxLength"/> characters.
/// A longer text is replaced by its start, its length and its hash, so that texts with the same start can be told apart.
/// </summary>
internal static class BoundedText
{
    /// <summary>A table of 256 bytes needs half of it; an Oracle's answer can be four times as long, a configured text longer.</summary>
    public const int MaxLength = 1024;

    // For the length and the hash after the start.
    private const int Rest = 64;

    private const int HashBytes = 8;

    public static string? Of(TransformExpression? transform) => Of(transform?.Shown);

    public static string? Of(string? text) => text is { Length: > MaxLength }
        ? $"{text.AsSpan(0, MaxLength - Rest)}… ({text.Length} characters, SHA-256 {Hash(text)}…)"
        : text;

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, HashBytes));
}
