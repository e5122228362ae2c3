using System.Buffers.Binary;
using Sidecar.Observation;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes exchanges as spans of a server, in the client's trace if the request names one (trace.proto). They have no heads.</summary>
internal sealed class SpanFormat(RecordText text) : OtlpFormat(text)
{
    // SPAN_KIND_SERVER, STATUS_CODE_ERROR.
    private const int Server = 2;
    private const int Error = 2;

    // Of the field flags, beside the flags of the trace: whether the parent is in another process, and that this is known.
    private const int IsRemote = 0x200;
    private const int KnowsRemote = 0x100;

    // The method of a call is an attribute too.
    private const int LongestName = 256;

    // Before escapes, which double it at most; a longer one need not be kept (W3C Trace Context, 3.3.1.5).
    private const int LongestState = 512;

    /// <inheritdoc/>
    protected override int LongestTexts => LongestName + (2 * LongestState);

    /// <inheritdoc/>
    protected override void WriteRecord(JsonLine line, Exchange exchange, TraceContext trace)
    {
        if (trace.Trace.IsEmpty)
            Trace(line, RandomId(stackalloc byte[32]));
        else
            Trace(line, trace.Trace);
        line.Raw(",\"spanId\":\""u8);
        line.Raw(RandomId(stackalloc byte[16]));
        line.Raw("\""u8);
        if (!trace.Parent.IsEmpty)
        {
            line.Raw(",\"parentSpanId\":\""u8);
            line.Raw(trace.Parent);
            line.Raw("\""u8);
        }

        // A trace of its own is recorded.
        Short(line, "flags"u8, KnowsRemote | (trace.Trace.IsEmpty ? TraceContext.Sampled : IsRemote | trace.Flags));
        Short(line, "kind"u8, Server);
        var (start, end) = TimesOf(exchange);
        Long(line, "startTimeUnixNano"u8, start);
        Long(line, "endTimeUnixNano"u8, end);
        if (SemanticNames.ErrorOf(exchange) is not null)
        {
            line.Raw(",\"status\":{\"code\":"u8);
            line.Number(Error);
            line.Raw("}"u8);
        }

        WriteName(line, exchange);
        if (!trace.Trace.IsEmpty)
            WriteState(line, exchange.Request);
    }

    // Of a route that is known: for HTTP none is.
    private void WriteName(JsonLine line, Exchange exchange)
    {
        line.Raw(",\"name\":\""u8);
        line.TextLimit = line.Length + LongestName;
        var method = SemanticNames.MethodOf(exchange.Request.Method);
        if (IsCall(exchange))
            Text.Url(line, exchange.Request.Target[1..]);
        else
            line.Ascii(method == SemanticNames.Other ? "HTTP" : method);
        line.Raw("\""u8);
    }

    // One list, also if several fields have its parts; whole or not at all.
    private void WriteState(JsonLine line, MessageHead request)
    {
        var length = 0;
        var isText = Text.RuleOf("tracestate"u8) == FieldRule.Written;
        for (var i = 0; i < request.Count; i++)
        {
            if (IsState(request, i))
            {
                length += request.Value(i).Length + 1;
                isText &= !request.Value(i).ContainsAnyExceptInRange((byte)' ', (byte)'~');
            }
        }

        if (length == 0 || length > LongestState || !isText)
            return;
        line.TextLimit = int.MaxValue;
        var before = ",\"traceState\":\""u8;
        for (var i = 0; i < request.Count; i++)
        {
            if (!IsState(request, i))
                continue;
            line.Raw(before);
            line.Text(request.Value(i));
            before = ","u8;
        }

        line.Raw("\""u8);
    }

    private static bool IsState(MessageHead request, int field) => Ascii.EqualsIgnoreCase(request.Name(field), "tracestate"u8);

    // Hexadecimal digits, of which not all are zeros, which is invalid.
    private static ReadOnlySpan<byte> RandomId(Span<byte> digits)
    {
        Span<byte> bytes = stackalloc byte[digits.Length / 2];
        for (var at = 0; at < bytes.Length; at += sizeof(long))
            BinaryPrimitives.WriteInt64BigEndian(bytes[at..], Random.Shared.NextInt64(1, long.MaxValue));
        Convert.TryToHexStringLower(bytes, digits, out _);
        return digits;
    }
}
