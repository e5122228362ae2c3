namespace VideoApi.Media;

/// <summary>The attribute list of a playlist tag, <c>NAME=value,NAME="value, quoted"</c> (RFC 8216 section 4.2).</summary>
internal static class AttributeList
{
    /// <summary>Reads a list as far as it is well formed; the first of equal names counts.</summary>
    public static Dictionary<string, string> Parse(ReadOnlySpan<char> text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        while (text.IndexOf('=') is > 0 and var equals)
        {
            var name = text[..equals].Trim().ToString();
            text = text[(equals + 1)..];
            var quoted = text.StartsWith("\"");
            var end = quoted ? text[1..].IndexOf('"') + 1 : text.IndexOf(',');
            if (quoted && end == 0)
                break;
            if (end < 0)
                end = text.Length;
            values.TryAdd(name, (quoted ? text[1..end] : text[..end]).ToString());

            var comma = text[end..].IndexOf(',');
            text = comma < 0 ? [] : text[(end + comma + 1)..];
        }

        return values;
    }
}
