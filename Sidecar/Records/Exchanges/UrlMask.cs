using System.Buffers;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// Writes addresses without their secrets: <c>***</c> stands for the values of secret parameters in query and fragment, and for
/// the user information before a host. Names are compared decoded, ignoring case, and in parts: <c>user[pass%77ord]</c>.
/// </summary>
internal sealed class UrlMask
{
    /// <summary>Masked by default: passwords, keys, tokens, one-time codes, and signatures of addresses that are signed.</summary>
    public static readonly IReadOnlyList<string> Secret =
    [
        "token", "access_token", "refresh_token", "id_token", "auth_token", "auth", "authorization", "jwt", "bearer", "assertion", "client_assertion",
        "key", "api_key", "apikey", "api-key", "x-api-key", "access_key", "private_key", "password", "passwd", "pass", "pwd", "passphrase", "pin", "otp",
        "secret", "client_secret", "credential", "credentials", "code", "code_verifier", "session", "session_id", "sid", "csrf_token", "xsrf_token",
        "sig", "signature", "hmac", "x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential",
    ];

    // A longer name is masked unread.
    private const int MaxName = 256;

    private static readonly SearchValues<byte> Parameters = SearchValues.Create("?#"u8);
    private static readonly SearchValues<byte> Dividers = SearchValues.Create("&;?#"u8);
    private static readonly SearchValues<byte> Composed = SearchValues.Create("%[].+"u8);

    private readonly NameTable<bool> _names;

    /// <param name="names">Parameters whose values are masked.</param>
    public UrlMask(IEnumerable<string> names) => _names = new NameTable<bool>(names.SelectMany(Spellings).Select(name => (name, true)));

    private static IEnumerable<string> Spellings(string name) =>
        [name, name.Replace('_', '-'), name.Replace("_", "", StringComparison.Ordinal)];

    public void Write(JsonLine line, ReadOnlySpan<byte> url)
    {
        var query = url.IndexOfAny(Parameters);
        var path = query < 0 ? url : url[..query];
        WriteAuthority(line, ref path);
        line.Text(path);
        if (query < 0)
            return;
        var rest = url[query..];
        while (!rest.IsEmpty)
        {
            // The divider before it, and the parameter up to the next one.
            var end = rest[1..].IndexOfAny(Dividers) + 1;
            var parameter = end == 0 ? rest : rest[..end];
            rest = rest[parameter.Length..];
            var equals = parameter.IndexOf((byte)'=');
            if (equals < 0 || !IsSecret(parameter[1..equals]))
            {
                line.Text(parameter);
                continue;
            }

            line.Text(parameter[..(equals + 1)]);
            line.Text("***"u8);
        }
    }

    // An origin form has none; what begins otherwise is taken for one rather than shown with a password.
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
        if (name.IndexOfAny(Composed) < 0)
            return IsKnown(name);
        if (name.Length > MaxName)
            return true;
        Span<byte> decoded = stackalloc byte[MaxName];
        decoded = decoded[..PercentCoding.Decode(name, decoded)];
        if (IsKnown(decoded))
            return true;
        foreach (var part in decoded.SplitAny("[]. +"u8))
        {
            if (IsKnown(decoded[part]))
                return true;
        }

        return false;
    }

    private bool IsKnown(ReadOnlySpan<byte> name) => !name.IsEmpty && _names.Find(name) is not null;
}
