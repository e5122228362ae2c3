namespace Sidecar.Records.Exchanges;

/// <summary>
/// Recognizes by a name, or by a part of it, that its value is a secret: <c>oauth_token</c>, <c>AWSAccessKeyId</c>, <c>new-password2</c>.
/// A part ends at a character that is not a letter, and where a capital letter follows small letters.
/// </summary>
internal static class SecretNames
{
    // Whole parts.
    private static readonly byte[][] Parts = Texts(
        "key", "auth", "oauth", "authorization", "bearer", "jwt", "assertion", "verifier", "pass", "pwd", "pin", "otp", "totp", "sid", "sessid", "session",
        "sig", "hmac", "csrf", "xsrf", "ticket");

    // These can also be joined with the text before them.
    private static readonly byte[][] Endings = Texts(
        "token", "secret", "password", "passwd", "passphrase", "passcode", "credential", "credentials", "signature", "sessionid", "sessid",
        "apikey", "accesskey", "privatekey", "secretkey", "authkey", "subscriptionkey");

    /// <summary>Whether the name is one of a secret.</summary>
    public static bool Has(ReadOnlySpan<byte> name)
    {
        while (!name.IsEmpty)
        {
            var start = name.IndexOfAnyInRange((byte)'A', (byte)'z');
            if (start < 0)
                return false;
            name = name[start..];
            var length = 0;
            while (length < name.Length && IsLetter(name[length]))
                length++;
            if (length > 0 && HasPart(name[..length]))
                return true;
            name = name[Math.Max(1, length)..];
        }

        return false;
    }

    private static bool HasPart(ReadOnlySpan<byte> letters)
    {
        if (IsSecret(letters))
            return true;
        var start = 0;
        for (var i = 1; i < letters.Length; i++)
        {
            // aB, and the B of ABc.
            var begins = IsCapital(letters[i]) && (!IsCapital(letters[i - 1]) || (i + 1 < letters.Length && !IsCapital(letters[i + 1])));
            if (!begins)
                continue;
            if (IsSecret(letters[start..i]))
                return true;
            start = i;
        }

        return start > 0 && IsSecret(letters[start..]);
    }

    private static bool IsSecret(ReadOnlySpan<byte> part)
    {
        foreach (var whole in Parts)
        {
            if (whole.Length == part.Length && Observation.Ascii.EqualsIgnoreCase(whole, part))
                return true;
        }

        foreach (var ending in Endings)
        {
            if (ending.Length <= part.Length && Observation.Ascii.EqualsIgnoreCase(ending, part[^ending.Length..]))
                return true;
        }

        return false;
    }

    private static bool IsCapital(byte letter) => letter is >= (byte)'A' and <= (byte)'Z';

    private static bool IsLetter(byte character) => (byte)(character | 0x20) is >= (byte)'a' and <= (byte)'z';

    private static byte[][] Texts(params string[] texts) => [.. texts.Select(System.Text.Encoding.ASCII.GetBytes)];
}
