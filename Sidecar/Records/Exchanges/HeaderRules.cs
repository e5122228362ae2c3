using Sidecar.Observation;

namespace Sidecar.Records.Exchanges;

/// <summary>How a field of a head appears in records.</summary>
internal enum FieldRule
{
    /// <summary>As it was sent.</summary>
    Written,

    /// <summary>Its value is an address; secret parts of it are masked.</summary>
    Address,

    /// <summary>Names of protocols, which are masked if one of them is a bearer token.</summary>
    Protocols,

    /// <summary>Only its name; <c>***</c> replaces the value.</summary>
    Masked,

    /// <summary>Not at all.</summary>
    LeftOut,
}

/// <summary>Rules for the fields of heads in records. A denied field is always left out; a masked one is always masked.</summary>
internal sealed class HeaderRules
{
    // Browsers cannot set Authorization for a WebSocket, so tokens go here, beside names such as v4.channel.k8s.io.
    private const string Protocols = "Sec-WebSocket-Protocol";

    // Values are addresses or parts of one (RFC 9110, 10.1.3, 10.2.2, 8.7; RFC 9113, 8.3.1), sometimes with tokens (RFC 6749, 4.2.2); and
    // fields with which an ingress passes a request's own on.
    private static readonly string[] Addresses =
    [
        "Referer", "Location", "Content-Location", ":path", ":authority", "Host", "Destination", "Link", "Refresh",
        "X-Original-Url", "X-Original-Uri", "X-Rewrite-Url", "X-Forwarded-Uri", "X-Envoy-Original-Path",
    ];

    private readonly FieldRule _others;
    private readonly NameTable<FieldRule> _rules;

    /// <param name="allow">The only fields that are written; null for all.</param>
    /// <param name="deny">Fields that are left out.</param>
    /// <param name="mask">Fields with values that are masked.</param>
    public HeaderRules(IReadOnlyList<string>? allow, IReadOnlyList<string> deny, IReadOnlyList<string> mask)
    {
        _others = allow is null ? FieldRule.Written : FieldRule.LeftOut;
        var allowed = allow ?? [.. Addresses, Protocols, .. mask];
        _rules = new NameTable<FieldRule>(
        [
            .. allowed.Select(name => (name, FieldRule.Written)),
            .. Addresses.Intersect(allowed, StringComparer.OrdinalIgnoreCase).Select(name => (name, FieldRule.Address)),
            .. allowed.Where(name => name.Equals(Protocols, StringComparison.OrdinalIgnoreCase)).Select(name => (name, FieldRule.Protocols)),
            .. mask.SelectMany(Spellings).Intersect(allow is null ? mask.SelectMany(Spellings) : allow, StringComparer.OrdinalIgnoreCase).Select(name => (name, FieldRule.Masked)),
            .. deny.Select(name => (name, FieldRule.LeftOut)),
        ]);
    }

    // Gateways accept both spellings.
    private static IEnumerable<string> Spellings(string name) => name.Contains('-', StringComparison.Ordinal) ? [name, name.Replace('-', '_')] : [name];

    /// <summary>Whether a list of protocols has a token in it: it says so, or a name is longer than any protocol name.</summary>
    public static bool HasBearer(ReadOnlySpan<byte> protocols)
    {
        const int longest = 40;
        foreach (var range in protocols.Split((byte)','))
        {
            var name = protocols[range].Trim(Ascii.Blanks);
            if (name.Length > longest || name.StartsWith("eyJ"u8) || SecretNames.Has(name))
                return true;
        }

        return false;
    }

    public FieldRule Of(ReadOnlySpan<byte> name) => _rules.Find(name) ?? _others;
}
