namespace Sidecar.Options;

/// <summary>Versions of HTTP to observe or to record.</summary>
[Flags]
public enum RecordProtocols
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>HTTP/1.0 and HTTP/1.1.</summary>
    Http1 = 1,

    /// <summary>HTTP/2, and so gRPC.</summary>
    Http2 = 2,

    /// <summary>All of them.</summary>
    All = Http1 | Http2,
}
