using System.Text;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// A pattern of paths: <c>*</c> is anything within a segment, <c>**</c> anything, <c>?</c> one character that is not a slash.
/// All positions of the pattern that a path can have reached are bits of one word, so any path costs one step for each byte.
/// </summary>
internal sealed class PathGlob
{
    // Bit 63 is the end of the longest pattern.
    private const int MaxPlaces = 63;

    private readonly byte[] _start;
    private readonly ulong[] _passes = new ulong[256];
    private readonly ulong[] _stays = new ulong[256];
    private readonly ulong _stars;
    private readonly ulong _end;

    private PathGlob(string text)
    {
        var wildcard = text.AsSpan().IndexOfAny('*', '?');
        if (wildcard < 0)
            wildcard = text.Length;
        _start = Encoding.UTF8.GetBytes(text[..wildcard]);
        var rest = Encoding.UTF8.GetBytes(text[wildcard..]).AsSpan();
        var place = 0;
        for (; !rest.IsEmpty; place++)
        {
            if (place == MaxPlaces)
                throw new FormatException($"at most {MaxPlaces} characters are expected from the first * or ? on");
            var bit = 1ul << place;
            var stars = rest.IndexOfAnyExcept((byte)'*') is var plain and >= 0 ? plain : rest.Length;
            if (stars > 0)
                _stars |= bit;
            for (var c = 0; c < _passes.Length; c++)
            {
                var matches = stars > 1 || (c != '/' && (stars == 1 || rest[0] == '?')) || (stars == 0 && rest[0] == c);
                (stars > 0 ? _stays : _passes)[c] |= matches ? bit : 0;
            }

            rest = rest[Math.Max(1, stars)..];
        }

        _end = 1ul << place;
    }

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static PathGlob Parse(string text) => text is ['/' or '*', ..]
        ? new PathGlob(text)
        : throw new FormatException("a pattern that begins with / or * is expected, such as /api/** or !/healthz");

    public bool Matches(ReadOnlySpan<byte> path)
    {
        if (!path.StartsWith(_start))
            return false;
        var places = BehindStars(1);
        foreach (var c in path[_start.Length..])
        {
            places = BehindStars(((places & _passes[c]) << 1) | (places & _stays[c]));
            if (places == 0)
                return false;
        }

        return (places & _end) != 0;
    }

    // A star can match nothing; two stars never stand side by side.
    private ulong BehindStars(ulong places) => places | ((places & _stars) << 1);
}
