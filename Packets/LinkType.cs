namespace Packets;

/// <summary>What a frame begins with; the values are those of the registry of link types (draft-ietf-opsawg-pcaplinktype).</summary>
public enum LinkType
{
    /// <summary>Four bytes in the byte order of the machine that captured (BSD loopback), then an IP packet.</summary>
    Null = 0,

    /// <summary>An Ethernet header, with or without VLAN tags.</summary>
    Ethernet = 1,

    /// <summary>An IPv4 or IPv6 packet.</summary>
    Raw = 101,

    /// <summary>Four bytes in network byte order (OpenBSD loopback), then an IP packet.</summary>
    Loop = 108,

    /// <summary>A "cooked" header of Linux, as the device <c>any</c> has it.</summary>
    LinuxSll = 113,

    /// <summary>Its second version.</summary>
    LinuxSll2 = 276,
}

/// <summary>Link types by their numbers.</summary>
public static class LinkTypes
{
    // Raw packets have other numbers in files of BSDs, and numbers for one version of IP only.
    private const int RawOfBsd = 12;
    private const int RawOfOpenBsd = 14;
    private const int V4 = 228;
    private const int V6 = 229;

    /// <summary>The link type with a number; null for one that is not known here.</summary>
    public static LinkType? Of(int number) => number switch
    {
        RawOfBsd or RawOfOpenBsd or V4 or V6 => LinkType.Raw,
        (int)LinkType.Null or (int)LinkType.Ethernet or (int)LinkType.Raw or (int)LinkType.Loop or (int)LinkType.LinuxSll or (int)LinkType.LinuxSll2 => (LinkType)number,
        _ => null,
    };
}
