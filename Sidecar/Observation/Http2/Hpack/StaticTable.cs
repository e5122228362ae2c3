using System.Text;

namespace Sidecar.Observation.Http2.Hpack;

/// <summary>The fields that have a number from the start (RFC 7541, Appendix A).</summary>
internal static class StaticTable
{
    private static readonly (byte[] Name, byte[] Value)[] Fields =
    [
        Of(":authority"), Of(":method", "GET"), Of(":method", "POST"), Of(":path", "/"), Of(":path", "/index.html"),
        Of(":scheme", "http"), Of(":scheme", "https"), Of(":status", "200"), Of(":status", "204"), Of(":status", "206"),
        Of(":status", "304"), Of(":status", "400"), Of(":status", "404"), Of(":status", "500"), Of("accept-charset"),
        Of("accept-encoding", "gzip, deflate"), Of("accept-language"), Of("accept-ranges"), Of("accept"), Of("access-control-allow-origin"),
        Of("age"), Of("allow"), Of("authorization"), Of("cache-control"), Of("content-disposition"),
        Of("content-encoding"), Of("content-language"), Of("content-length"), Of("content-location"), Of("content-range"),
        Of("content-type"), Of("cookie"), Of("date"), Of("etag"), Of("expect"),
        Of("expires"), Of("from"), Of("host"), Of("if-match"), Of("if-modified-since"),
        Of("if-none-match"), Of("if-range"), Of("if-unmodified-since"), Of("last-modified"), Of("link"),
        Of("location"), Of("max-forwards"), Of("proxy-authenticate"), Of("proxy-authorization"), Of("range"),
        Of("referer"), Of("refresh"), Of("retry-after"), Of("server"), Of("set-cookie"),
        Of("strict-transport-security"), Of("transfer-encoding"), Of("user-agent"), Of("vary"), Of("via"),
        Of("www-authenticate"),
    ];

    /// <summary>The last number; higher ones belong to the dynamic table.</summary>
    public static int Count => Fields.Length;

    /// <summary>The field with a number, from 1 on.</summary>
    public static void Get(int number, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        ref readonly var field = ref Fields[number - 1];
        name = field.Name;
        value = field.Value;
    }

    private static (byte[] Name, byte[] Value) Of(string name, string value = "") => (Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
}
