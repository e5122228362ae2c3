using Oracle.Protocol;
using Sidecar.Observation;

namespace Sidecar.Handshakes.Names;

/// <summary>
/// The host of an HTTP/1 request: that of its target, if the target is a whole URL (RFC 9112, 3.2.2), otherwise that of its Host field. A
/// request that servers must refuse, or could understand in two ways, has none.
/// </summary>
internal static class HttpHostName
{
    // Longer than any method that is registered.
    private const int MaxMethod = 32;

    /// <summary>Looks for the host.</summary>
    /// <param name="bytes">What has come: at most <see cref="NameSearch.MaxBytes"/>.</param>
    /// <param name="name">The name; null if there is none.</param>
    /// <returns>Complete, also if there is no name; incomplete if more bytes are needed.</returns>
    public static ReadStatus Find(ReadOnlySpan<byte> bytes, out string? name)
    {
        name = null;
        var rest = bytes;
        if (!TryTakeLine(ref rest, out var line))
            return MayBecomeRequest(bytes) ? ReadStatus.Incomplete : ReadStatus.Complete;
        if (!TryReadTarget(line, out var target))
            return ReadStatus.Complete;
        if (target.IndexOf("://"u8) is var scheme and > 0 && Ascii.IsToken(target[..scheme]))
        {
            name = HostOf(target[(scheme + 3)..]);
            return ReadStatus.Complete;
        }

        return FindField(rest, out name);
    }

    private static ReadStatus FindField(ReadOnlySpan<byte> rest, out string? name)
    {
        name = null;
        ReadOnlySpan<byte> host = default;
        var isFound = false;
        while (TryTakeLine(ref rest, out var line))
        {
            if (line.IsEmpty)
            {
                name = isFound ? HostOf(host) : null;
                return ReadStatus.Complete;
            }

            var colon = line.IndexOf((byte)':');
            // A line that continues the one before begins with a blank, so its name is none either.
            if (colon < 0 || !Ascii.IsToken(line[..colon]))
                return ReadStatus.Complete;
            if (!Ascii.EqualsIgnoreCase(line[..colon], "host"u8))
                continue;
            if (isFound)
                return ReadStatus.Complete;
            isFound = true;
            host = line[(colon + 1)..].Trim(Ascii.Blanks);
        }

        return ReadStatus.Incomplete;
    }

    private static bool TryTakeLine(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        line = default;
        var end = rest.IndexOf((byte)'\n');
        if (end < 0)
            return false;
        line = rest[..end] is [.. var text, (byte)'\r'] ? text : rest[..end];
        rest = rest[(end + 1)..];
        return true;
    }

    // So that a client with another protocol need not wait for the end of its first line.
    private static bool MayBecomeRequest(ReadOnlySpan<byte> begun)
    {
        var blank = begun.IndexOf((byte)' ');
        var method = blank < 0 ? begun : begun[..blank];
        if (method.Length > MaxMethod || !Ascii.IsToken(method))
            return false;
        var rest = begun[method.Length..];
        return !(rest is [.. var text, (byte)'\r'] ? text : rest).ContainsAnyInRange((byte)0, (byte)(' ' - 1));
    }

    private static bool TryReadTarget(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> target)
    {
        target = default;
        var (first, last) = (line.IndexOf((byte)' '), line.LastIndexOf((byte)' '));
        if (first is < 0 or > MaxMethod || last <= first + 1 || !Ascii.IsToken(line[..first]) || line[(last + 1)..] is not [.. var protocol, (byte)'0' or (byte)'1']
            || !protocol.SequenceEqual("HTTP/1."u8))
            return false;
        target = line[(first + 1)..last];
        return !target.ContainsAnyInRange((byte)0, (byte)' ');
    }

    // Without a port. A user in front of the host makes it no name.
    private static string? HostOf(ReadOnlySpan<byte> authority)
    {
        var end = authority.IndexOfAny("/?#"u8);
        var host = end < 0 ? authority : authority[..end];
        var colon = host.LastIndexOf((byte)':');
        if (colon < 0)
            return ClaimedName.Read(host);
        return host[(colon + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9') ? null : ClaimedName.Read(host[..colon]);
    }
}
