namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>A kind of telemetry, with its names in OTLP.</summary>
/// <param name="Word">Its name.</param>
/// <param name="Format">The format of its lines.</param>
/// <param name="Path">Where OTLP/HTTP takes it.</param>
/// <param name="Method">The method of OTLP/gRPC that takes it.</param>
/// <param name="Resources">The field of a request.</param>
/// <param name="Scopes">The field in it, beside the resource.</param>
/// <param name="Records">The field in that, beside the scope.</param>
/// <param name="Rejected">The field of an answer with the number of rejected records.</param>
internal sealed record OtlpSignal(string Word, string Format, string Path, string Method, string Resources, string Scopes, string Records, string Rejected)
{
    /// <summary>A span for each record.</summary>
    public static OtlpSignal Traces { get; } = new(
        "traces", "otlp-span", "v1/traces", "opentelemetry.proto.collector.trace.v1.TraceService/Export", "resourceSpans", "scopeSpans", "spans", "rejectedSpans");

    /// <summary>A log record for each record.</summary>
    public static OtlpSignal Logs { get; } = new(
        "logs", "otlp-log", "v1/logs", "opentelemetry.proto.collector.logs.v1.LogsService/Export", "resourceLogs", "scopeLogs", "logRecords", "rejectedLogRecords");

    /// <inheritdoc/>
    public override string ToString() => Word;
}
