using System.Security.Cryptography;
using System.Text;
using ByteFilters;

namespace Sidecar.Records;

/// <summary>
/// Texts that others chose, as records, the admin port and the log show them: whole up to <see cref="MaxLength"/> characters.
/// Of a longer one the start stands there, and what tells it from others of the same start.
/// </summary>
internal static class BoundedText
{
    /// <summary>One table of 256 bytes takes half of it; an Oracle's answer may be four times as long, a configured one longer.</summary>
    public const int MaxLength = 1024;

    // For the length and the hash behind the start.
    private const int Rest = 64;

    private const int HashBytes = 8;

    public static string? Of(TransformExpression? transform) => Of(transform?.Shown);

    public static string? Of(string? text) => text is { Length: > MaxLength }
        ? $"{text.AsSpan(0, MaxLength - Rest)}… ({text.Length} characters, SHA-256 {Hash(text)}…)"
        : text;

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, HashBytes));
}
