namespace Sidecar.Options;

/// <summary>A way to a collector of OpenTelemetry (opentelemetry-proto, docs/specification.md).</summary>
public enum OtlpProtocol
{
    /// <summary>OTLP/HTTP, in protobuf.</summary>
    HttpProtobuf,

    /// <summary>OTLP/gRPC.</summary>
    Grpc,

    /// <summary>OTLP/HTTP, in JSON.</summary>
    HttpJson,
}
