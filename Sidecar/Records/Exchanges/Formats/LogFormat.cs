using Chassis;
using Sidecar.Observation;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes exchanges as log records (logs.proto), in the client's trace if the request names one. They have the heads.</summary>
internal sealed class LogFormat(RecordText text) : OtlpFormat(text)
{
    // SEVERITY_NUMBER_INFO, _WARN and _ERROR.
    private const int Information = 9;
    private const int Warning = 13;
    private const int Error = 17;

    // The target is an attribute too.
    private const int LongestBody = 256;

    /// <inheritdoc/>
    protected override int LongestTexts => LongestBody;

    /// <inheritdoc/>
    protected override void WriteOwn(JsonLine line, Exchange exchange)
    {
        Number(line, "sidecar.duration_ns"u8, Math.Max(0, Text.Clock.Nanoseconds(exchange.Started, exchange.Ended)));
        if (exchange.FinalResponse is not null)
            Number(line, "sidecar.latency_ns"u8, Math.Max(0, Text.Clock.Nanoseconds(exchange.Requested, exchange.Responded)));
    }

    /// <inheritdoc/>
    protected override void WriteHeads(JsonLine line, Exchange exchange)
    {
        KeepRecordsRoom(line, ResponseShareOf(exchange));
        Text.FieldLists(line, exchange.Request, "http.request.header."u8, isFirst: false, ListShape.Attributes);
        KeepRecordsRoom(line);
        if (exchange.FinalResponse is { } response)
            Text.FieldLists(line, response, "http.response.header."u8, isFirst: false, ListShape.Attributes);
    }

    /// <inheritdoc/>
    protected override void WriteRecord(JsonLine line, Exchange exchange, TraceContext trace)
    {
        var (start, end) = TimesOf(exchange);
        Long(line, "timeUnixNano"u8, start);
        Long(line, "observedTimeUnixNano"u8, end);
        var (number, word) = SemanticNames.ErrorOf(exchange) is not null ? (Error, "ERROR") : ExchangeFilter.IsError(exchange) ? (Warning, "WARN") : (Information, "INFO");
        Short(line, "severityNumber"u8, number);
        line.Raw(",\"severityText\":\""u8);
        line.Ascii(word);
        line.Raw("\",\"eventName\":\"sidecar.exchange\""u8);
        if (!trace.Trace.IsEmpty)
        {
            Trace(line, trace.Trace);
            line.Raw(",\"spanId\":\""u8);
            line.Raw(trace.Parent);
            line.Raw("\""u8);
            Short(line, "flags"u8, trace.Flags);
        }

        WriteBody(line, exchange);
    }

    // GET /greet 200
    private void WriteBody(JsonLine line, Exchange exchange)
    {
        line.Raw(",\"body\":{\"stringValue\":\""u8);
        line.TextLimit = line.Length + LongestBody;
        line.Text(exchange.Request.Method);
        line.Raw(" "u8);
        Text.Url(line, exchange.Request.Target);
        line.Raw(" "u8);
        if (exchange.FinalResponse is { } response)
            line.Number(response.Status);
        else
            line.Ascii(EnumWords.Of(exchange.Outcome));
        line.Raw("\"}"u8);
    }
}
