using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>The protocols by the names that OpenTelemetry's SDKs give them (<c>OTEL_EXPORTER_OTLP_PROTOCOL</c>).</summary>
internal static class OtlpProtocols
{
    /// <summary>All of them.</summary>
    public static readonly (string Word, OtlpProtocol Protocol)[] All =
        [("http/protobuf", OtlpProtocol.HttpProtobuf), ("grpc", OtlpProtocol.Grpc), ("http/json", OtlpProtocol.HttpJson)];

    /// <summary>A protocol's name.</summary>
    public static string WordOf(OtlpProtocol protocol) => Array.Find(All, named => named.Protocol == protocol).Word;
}
