using System.Text;
using Chassis.Net;

namespace Sidecar.Handshakes.Names;

/// <summary>A host name as a client writes it, in the form in which names are compared.</summary>
internal static class ClaimedName
{
    // HostPort allows 253 characters; a dot at the end may follow.
    private const int MaxLength = 254;

    /// <summary>The name in lower case and without the root's dot; null if it is none. An address is none: the kernel knows the address.</summary>
    public static string? Read(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxLength)
            return null;
        var name = Encoding.Latin1.GetString(text is [.., (byte)'.'] ? text[..^1] : text);
        return HostPort.IsHost(name) && !NetworkAddress.TryParseAddress(name, out _) ? name.ToLowerInvariant() : null;
    }
}
