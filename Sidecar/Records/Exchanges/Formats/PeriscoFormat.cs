using System.Text;
using Chassis;
using Chassis.Records;
using Sidecar.Observation;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>
/// Writes exchanges in the format <c>perisco</c>: protobuf's JSON, which leaves zeros and empty texts out, with an additional object
/// <c>ext</c> of the sidecar, which does not leave them out.
/// </summary>
/// <param name="headers">Rules for fields.</param>
/// <param name="urls">Masks parts of addresses.</param>
/// <param name="writesExt">Whether there is an <c>ext</c>.</param>
/// <param name="clock">The clock of the exchanges' timestamps.</param>
/// <param name="maxLine">Most bytes of a line; in a longer line texts are cut, heads first.</param>
internal sealed class PeriscoFormat(HeaderRules headers, UrlMask urls, bool writesExt, WallClock clock, int maxLine = ExchangeRecordOptions.DefaultMaxLine) : IRecordFormat
{
    // Most bytes around texts: all of a response but its fields, all of ext but the connection's part.
    private const int AroundResponse = 128;
    private const int AroundExt = 384;
    private const int BehindMessage = 128;

    // For a field, with the head's end after it.
    private const int AroundField = 48;

    // The shares of the line that a response and a gRPC message always get, however long the earlier parts are.
    private const int ResponseShare = 4;
    private const int MessageShare = 8;

    private static readonly byte[][] Outcomes = [.. Enum.GetValues<ExchangeOutcome>().Select(o => Encoding.UTF8.GetBytes(EnumWords.Of(o)))];

    private static ReadOnlySpan<byte> Mask => "***"u8;

    /// <summary>Makes the format for the user's options.</summary>
    public static PeriscoFormat Create(ExchangeRecordOptions options, TimeProvider time) => new(
        new HeaderRules(options.AllowHeaders, options.DenyHeaders, options.MaskHeaders), new UrlMask(options.MaskQuery), options.HasExt, new WallClock(time), options.MaxLine);

    /// <inheritdoc/>
    public RecordWriter For(in ExchangeOrigin origin) => new PeriscoWriter(this, origin);

    /// <inheritdoc/>
    public UInt128 SenderOf(ReadOnlySpan<byte> line) => PeriscoSender.Of(line);

    /// <summary>Writes a line; returns as <see cref="RecordWriter.Write"/> does.</summary>
    public int Write(JsonLine line, PeriscoWriter connection, Exchange exchange)
    {
        var response = exchange.FinalResponse;
        var (seconds, nanoseconds) = clock.TimeOfDay(exchange.Started, exchange.Ended);
        line.Raw("{\"ts\":{\"seconds\":"u8);
        line.Number(seconds);
        if (nanoseconds > 0)
        {
            line.Raw(",\"nanos\":"u8);
            line.Number(nanoseconds);
        }

        line.Raw("},\"pid\":"u8);
        var late = WriteProcess(line, connection.Process);
        line.Raw(connection.Endpoints);
        if (response is not null && clock.Nanoseconds(exchange.Requested, exchange.Responded) is > 0 and var latency)
        {
            line.Raw("\"latency_ns\":"u8);
            line.Number(latency);
            line.Raw(","u8);
        }

        var headsEnd = maxLine - AroundExt - connection.Connection.Length - Math.Min(GrpcMessage.Of(exchange).Length, maxLine / MessageShare);
        line.TextLimit = response is null ? headsEnd : headsEnd - AroundResponse - Math.Min(response.Bytes.Length, maxLine / ResponseShare);
        WriteRequest(line, exchange.Request);
        line.TextLimit = headsEnd;
        if (response is not null)
            WriteResponse(line, response);
        line.Raw("}"u8);
        if (writesExt)
            WriteExt(line, connection, exchange);
        line.Raw("}\n"u8);
        return late;
    }

    private static int WriteProcess(JsonLine line, LocalProcess process)
    {
        if (process.IsPending)
        {
            line.Blanks(LineSink.LateNumberWidth);
            return line.Length - LineSink.LateNumberWidth;
        }

        line.Number(process.Value);
        return -1;
    }

    private void WriteRequest(JsonLine line, MessageHead head)
    {
        line.Raw("\"request\":{\"Record\":{\"Http\":{\"protocol\":\""u8);
        line.Raw(Protocol(head.Version));
        if (!head.Method.IsEmpty)
        {
            line.Raw("\",\"method\":\""u8);
            line.Text(head.Method);
        }

        if (!head.Target.IsEmpty)
        {
            line.Raw("\",\"url\":\""u8);
            urls.Write(line, head.Target);
        }

        line.Raw("\""u8);
        WriteFields(line, head);
        line.Raw("}}}"u8);
    }

    private void WriteResponse(JsonLine line, MessageHead head)
    {
        line.Raw(",\"response\":{\"Record\":{\"Http\":{\"protocol\":\""u8);
        line.Raw(Protocol(head.Version));
        line.Raw("\",\"code\":"u8);
        line.Number(head.Status);
        WriteFields(line, head);
        line.Raw("}}}"u8);
    }

    private void WriteFields(JsonLine line, MessageHead head)
    {
        var written = 0;
        // One look at the whole head is faster than one at each part.
        var isPlain = JsonLine.IsPlain(head.Bytes);
        for (var i = 0; i < head.Count; i++)
        {
            var name = head.Name(i);
            var rule = headers.Of(name);
            if (rule == FieldRule.LeftOut)
                continue;
            if (!line.HasRoomFor(AroundField))
                break;
            line.Raw(written++ == 0 ? ",\"headers\":[{\"key\":\""u8 : "\"},{\"key\":\""u8);
            Write(line, name, isPlain);
            var value = head.Value(i);
            if (value.IsEmpty)
                continue;
            line.Raw("\",\"value\":\""u8);
            if (rule == FieldRule.Written)
                Write(line, value, isPlain);
            else if (rule == FieldRule.Masked || (rule == FieldRule.Protocols && HeaderRules.HasBearer(value)))
                line.Raw(Mask);
            else if (rule == FieldRule.Protocols)
                Write(line, value, isPlain);
            else
                urls.Write(line, value);
        }

        if (written > 0)
            line.Raw("\"}]"u8);
    }

    private static void Write(JsonLine line, ReadOnlySpan<byte> text, bool isPlain)
    {
        if (isPlain)
            line.PlainText(text);
        else
            line.Text(text);
    }

    private void WriteExt(JsonLine line, PeriscoWriter connection, Exchange exchange)
    {
        line.Raw(connection.Connection);
        line.Raw(Outcomes[(int)exchange.Outcome]);
        line.Raw("\",\"duration_ns\":"u8);
        line.Number(Math.Max(0, clock.Nanoseconds(exchange.Started, exchange.Ended)));
        line.Raw(",\"request_bytes\":"u8);
        line.Number(exchange.RequestBytes);
        line.Raw(",\"response_bytes\":"u8);
        line.Number(exchange.ResponseBytes);
        if (exchange.Grpc is { } call)
            WriteCall(line, exchange, call);
        if (line.IsCut || exchange.Request.IsTruncated || exchange.FinalResponse is { IsTruncated: true })
            line.Raw(",\"truncated\":true"u8);
        line.Raw("}"u8);
    }

    private void WriteCall(JsonLine line, Exchange exchange, GrpcCall call)
    {
        if (call.Status is { } status)
        {
            line.Raw(",\"grpc_status\":"u8);
            line.Number(status);
        }

        var message = GrpcMessage.Of(exchange);
        var rule = headers.Of(GrpcMessage.Field);
        if (!message.IsEmpty && rule != FieldRule.LeftOut)
        {
            line.Raw(",\"grpc_message\":\""u8);
            line.TextLimit = maxLine - BehindMessage;
            if (rule == FieldRule.Masked)
                line.Raw(Mask);
            else
                GrpcMessage.Write(line, message);
            line.Raw("\""u8);
        }

        line.Raw(",\"grpc_request_messages\":"u8);
        line.Number(call.RequestMessages);
        line.Raw(",\"grpc_response_messages\":"u8);
        line.Number(call.ResponseMessages);
    }

    private static ReadOnlySpan<byte> Protocol(HttpVersion version) => version switch
    {
        HttpVersion.Http10 => "HTTP/1.0"u8,
        HttpVersion.Http11 => "HTTP/1.1"u8,
        _ => "HTTP/2"u8,
    };
}
