using System.Buffers;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// Writes addresses without their secrets: <c>***</c> replaces the values of secret parameters in query and fragment, also in an
/// address that is a parameter's value, and the user information before a host. Names are compared decoded, ignoring case,
/// hyphens and underscores.
/// </summary>
internal sealed class UrlMask
{
    // The value of a longer name is masked without reading the name.
    private const int MaxName = 256;

    private static readonly SearchValues<byte> Marks = SearchValues.Create("?#%"u8);
    private static readonly SearchValues<byte> Composed = SearchValues.Create("%[].+"u8);

    private readonly NameTable<bool> _names;
    private readonly bool _masksParts;

    /// <param name="names">Parameters with values that are masked; the default names include <see cref="SecretNames"/>.</param>
    public UrlMask(IReadOnlyList<string> names)
    {
        _names = new NameTable<bool>(names.Select(name => (Compact(name), true)));
        _masksParts = ExchangeRecordOptions.SecretParameters.All(names.Contains);
    }

    private static string Compact(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);

    public void Write(JsonLine line, ReadOnlySpan<byte> url)
    {
        var query = url.IndexOfAny(Marks);
        var path = query < 0 ? url : url[..query];
        // In an encoded address, user information can be before the first code or after it.
        if (query >= 0 && url[query] == '%')
            path = url[..(url.IndexOfAny((byte)'?', (byte)'#') is var end and >= 0 ? end : url.Length)];
        var rest = url[path.Length..];
        WriteAuthority(line, ref path);
        if (path.IndexOf((byte)'%') >= 0)
            WriteParameters(line, path);
        else
            line.Text(path);
        if (!rest.IsEmpty)
            WriteParameters(line, rest);
    }

    /// <summary>Writes a query alone, without its question mark.</summary>
    public void WriteQuery(JsonLine line, ReadOnlySpan<byte> query) => WriteParameters(line, query, name: 0);

    // Dividers count at any depth of encoding: ? is %3F in an address that is a value, and %253F in an address within that one.
    private void WriteParameters(JsonLine line, ReadOnlySpan<byte> text, int name = -1)
    {
        var written = 0;
        for (var i = 0; i < text.Length;)
        {
            var (mark, length, depth) = ReadMark(text[i..]);
            if (mark == '=' && name >= 0 && IsSecret(text[name..i]))
            {
                line.Text(text[written..(i + length)]);
                line.Text("***"u8);
                i = written = EndOfValue(text, i + length, depth);
                name = -1;
                continue;
            }

            // After an equals sign a value can begin that is itself a list of parameters, one level deeper.
            if (mark is (byte)'?' or (byte)'#' or (byte)'&' or (byte)';' || (mark == '=' && name >= 0))
                name = i + length;
            i += length;
        }

        line.Text(text[written..]);
    }

    // A value ends at a divider that is encoded as often as its equals sign, or less.
    private static int EndOfValue(ReadOnlySpan<byte> text, int start, int maxDepth)
    {
        for (var i = start; i < text.Length;)
        {
            var (mark, length, depth) = ReadMark(text[i..]);
            if (depth <= maxDepth && (mark is (byte)'?' or (byte)'#' or (byte)'&' or (byte)';'))
                return i;
            i += length;
        }

        return text.Length;
    }

    // The first character of the text, decoded; its length in the text, and how often it was encoded.
    private static (byte Mark, int Length, int Depth) ReadMark(ReadOnlySpan<byte> text)
    {
        if (text[0] != '%')
            return (text[0], 1, 0);
        var (length, depth) = (1, 1);
        while (text[length..].StartsWith("25"u8))
        {
            length += 2;
            depth++;
        }

        Span<byte> code = stackalloc byte[1];
        return text.Length >= length + 2 && Convert.FromHexString(text.Slice(length, 2), code, out _, out _) == OperationStatus.Done
            ? (code[0], length + 2, depth)
            : ((byte)'%', 1, 0);
    }

    // An origin form has no authority. Any other beginning is treated as one, so that no password is shown.
    private static void WriteAuthority(JsonLine line, ref ReadOnlySpan<byte> path)
    {
        if (path is [(byte)'/', not (byte)'/', ..] or [(byte)'/'] || path.IndexOf((byte)'@') < 0)
            return;
        var slashes = path.IndexOf("//"u8);
        var isWellFormed = slashes == 0 || (slashes > 0 && path[slashes - 1] == ':');
        var start = isWellFormed ? slashes + 2 : 0;
        var end = isWellFormed ? path[start..].IndexOf((byte)'/') : -1;
        var at = path[start..(end < 0 ? path.Length : start + end)].LastIndexOf((byte)'@');
        if (at < 0)
            return;
        line.Text(path[..start]);
        line.Text("***"u8);
        path = path[(start + at)..];
    }

    private bool IsSecret(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxName)
            return name.IndexOfAny(Composed) >= 0;
        Span<byte> decoded = stackalloc byte[MaxName];
        name.CopyTo(decoded);
        decoded = decoded[..name.Length];
        // In place, because the decoded text is never longer.
        while (decoded.IndexOf((byte)'%') >= 0 && PercentCoding.Decode(decoded, decoded) is var length && length < decoded.Length)
            decoded = decoded[..length];
        if (_masksParts && SecretNames.Has(decoded))
            return true;
        if (IsKnown(decoded))
            return true;
        foreach (var part in decoded.SplitAny("[]. +"u8))
        {
            if (IsKnown(decoded[part]))
                return true;
        }

        return false;
    }

    private bool IsKnown(ReadOnlySpan<byte> name)
    {
        Span<byte> compact = stackalloc byte[MaxName];
        var length = 0;
        foreach (var character in name)
        {
            if (character is not ((byte)'_' or (byte)'-'))
                compact[length++] = character;
        }

        return length > 0 && _names.Find(compact[..length]) is not null;
    }
}
