using System.Buffers;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// Chooses by path, without the query. A path must match a pattern (if there are any) and must not match an excluding pattern.
/// </summary>
internal sealed class PathFilter
{
    private static readonly SearchValues<byte> Ends = SearchValues.Create("?#"u8);

    private readonly PathGlob[] _included;
    private readonly PathGlob[] _excluded;

    /// <param name="patterns">As the user writes them; excluding patterns start with <c>!</c>.</param>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public PathFilter(IReadOnlyList<string> patterns)
    {
        _included = [.. patterns.Where(p => !IsExcluding(p)).Select(PathGlob.Parse)];
        _excluded = [.. patterns.Where(IsExcluding).Select(p => PathGlob.Parse(p[1..]))];
    }

    public bool Accepts(ReadOnlySpan<byte> target)
    {
        if (_included.Length == 0 && _excluded.Length == 0)
            return true;
        var path = PathOf(target);
        return (_included.Length == 0 || IsAny(_included, path)) && !IsAny(_excluded, path);
    }

    private static bool IsExcluding(string pattern) => pattern.StartsWith('!');

    private static bool IsAny(PathGlob[] globs, ReadOnlySpan<byte> path)
    {
        foreach (var glob in globs)
        {
            if (glob.Matches(path))
                return true;
        }

        return false;
    }

    /// <summary>The path of a target. An absolute form has scheme and authority before it, and can end with these (RFC 9112, 3.2.2).</summary>
    public static ReadOnlySpan<byte> PathOf(ReadOnlySpan<byte> target)
    {
        var end = target.IndexOfAny(Ends);
        var path = end < 0 ? target : target[..end];
        if (path is [(byte)'/', ..] || path.IndexOf("://"u8) is not (>= 0 and var scheme))
            return path;
        path = path[(scheme + 3)..];
        var slash = path.IndexOf((byte)'/');
        return slash < 0 ? "/"u8 : path[slash..];
    }
}
