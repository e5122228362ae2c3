namespace Sidecar.Observation.Http1;

/// <summary>The exchange that made an HTTP/1.1 connection HTTP/2 (RFC 7540, 3.2): its response comes as that of stream 1.</summary>
/// <param name="Exchange">Request and nothing else so far; its body may still be on its way.</param>
/// <param name="SettingsField">Which of the request's fields is HTTP2-Settings.</param>
internal sealed record Http2Upgrade(Exchange Exchange, int SettingsField)
{
    /// <summary>The client's first settings: base64url.</summary>
    public ReadOnlySpan<byte> Settings => Exchange.Request.Value(SettingsField);

    /// <summary>Reads request and answer; null when they agreed on something else.</summary>
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
