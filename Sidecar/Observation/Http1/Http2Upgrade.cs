namespace Sidecar.Observation.Http1;

/// <summary>The exchange by which an HTTP/1.1 connection became HTTP/2 (RFC 7540, 3.2); its response comes as that of stream 1.</summary>
/// <param name="Exchange">It has only a request so far, and perhaps not all of its body.</param>
/// <param name="SettingsField">The index of the request's HTTP2-Settings field.</param>
internal sealed record Http2Upgrade(Exchange Exchange, int SettingsField)
{
    /// <summary>The client's first settings, in base64url.</summary>
    public ReadOnlySpan<byte> Settings => Exchange.Request.Value(SettingsField);

    /// <summary>Reads request and response; null if they did not agree on h2c.</summary>
    public static Http2Upgrade? TryRead(Exchange exchange, MessageHead answer) =>
        Find(answer, "upgrade"u8) is { } to && Ascii.EqualsIgnoreCase(answer.Value(to), "h2c"u8) && Find(exchange.Request, "http2-settings"u8) is { } settings
            ? new Http2Upgrade(exchange, settings)
            : null;

    private static int? Find(MessageHead head, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < head.Count; i++)
        {
            if (Ascii.EqualsIgnoreCase(head.Name(i), name))
                return i;
        }

        return null;
    }
}
