using System.Net.Sockets;
using Chassis;
using Chassis.Net;
using Sidecar.Kubernetes;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>
/// Writes exchanges in the formats <c>perisco</c> and <c>perisco-v2</c>: protobuf's JSON, which leaves zeros and empty texts out, with an
/// additional object <c>ext</c> of the sidecar, which does not leave them out.
/// </summary>
/// <param name="text">The texts of peers, with the user's rules.</param>
/// <param name="shape">The words around the values.</param>
internal sealed class PeriscoFormat(RecordText text, PeriscoShape shape) : RecordFormat(text)
{
    // Most bytes around texts: all of a response but its fields, all of ext but the connection's part.
    private const int AroundResponse = 128;
    private const int AroundExt = 384;
    private const int BehindMessage = 128;

    // For a field, with the head's end after it.
    private const int AroundField = 48;

    // The share of the line that a gRPC message always gets, however long the earlier parts are.
    private const int MessageShare = 8;

    private static readonly ConnectionWords OwnWords = new()
    {
        Id = ",\"ext\":{\"conn_id\":\""u8.ToArray(),
        Role = "\",\"role\":\""u8.ToArray(),
        Transform = "\",\"transform\":\""u8.ToArray(),
        Outcome = "\",\"outcome\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ServerWords = new()
    {
        Command = ",\"server_command\":\""u8.ToArray(),
        Container = ",\"server_container\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ClientWords = new()
    {
        Id = ",\"client_pid\":"u8.ToArray(),
        Command = ",\"client_command\":\""u8.ToArray(),
        Container = ",\"client_container\":\""u8.ToArray(),
    };

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => "\"ip\":{\"client\":\""u8;

    /// <inheritdoc/>
    protected override ConnectionWords Words => OwnWords;

    /// <inheritdoc/>
    protected override ProcessWords ServerProcess => ServerWords;

    /// <inheritdoc/>
    protected override ProcessWords ClientProcess => ClientWords;

    /// <inheritdoc/>
    public override void Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        var (response, clock, maxLine) = (exchange.FinalResponse, Text.Clock, Text.MaxLine);
        if (connection.Names.Length > 0)
            line.Raw("{\"protoMessage\":"u8);
        WriteTime(line, clock.TimeOfDay(exchange.Started, exchange.Ended));
        line.Late(connection.Process);
        line.Raw(connection.Endpoints);
        if (response is not null && clock.Nanoseconds(exchange.Requested, exchange.Responded) is > 0 and var latency)
        {
            line.Raw(shape.Latency);
            line.Number(latency);
            line.Raw(shape.LatencyEnd);
        }

        var headsEnd = maxLine - AroundExt - connection.Connection.Length - connection.ProcessLength - connection.Names.Length - Math.Min(GrpcMessage.Of(exchange).Length, maxLine / MessageShare);
        line.TextLimit = response is null ? headsEnd : headsEnd - AroundResponse - ResponseShareOf(exchange);
        WriteRequest(line, exchange.Request);
        line.TextLimit = headsEnd;
        if (response is not null)
            WriteResponse(line, response);
        line.Raw("}"u8);
        if (Text.HasExt)
            WriteExt(line, connection, exchange);
        line.Raw("}"u8);
        line.Raw(connection.Names);
        line.Raw("\n"u8);
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin)
    {
        var (client, server) = (NetworkAddress.Canonical(origin.Client.EndPoint), NetworkAddress.Canonical(origin.Server));
        line.Raw(",\"ip\":{\"client\":\""u8);
        WriteAddress(line, client.Address);
        line.Raw("\",\"server\":\""u8);
        WriteAddress(line, server.Address);
        line.Raw("\",\"ipVersion\":"u8);
        line.Raw(client.AddressFamily == AddressFamily.InterNetwork && server.AddressFamily == AddressFamily.InterNetwork ? shape.V4 : shape.V6);
        line.Raw(shape.ClientPort);
        line.Number(client.Port);
        line.Raw(shape.ServerPort);
        line.Number(server.Port);
        line.Raw(shape.ServerPortEnd);
    }

    // Beside the record, up to the end of the object around both.
    /// <inheritdoc/>
    protected override void WriteNames(JsonLine line, in ExchangeOrigin origin)
    {
        var (client, server) = (origin.Names!.Client, origin.Names.Server);
        WriteObject(line, "client", client.Pod?.Name, client.Pod?.Namespace, client.Pod?.Labels, client.Pod?.Node);
        WriteObject(line, "server", server.Pod?.Name, server.Pod?.Namespace, server.Pod?.Labels, server.Pod?.Node);
        WriteObject(line, "clientService", client.Service?.Name, client.Service?.Namespace, client.Service?.Labels, node: null);
        WriteObject(line, "serverService", server.Service?.Name, server.Service?.Namespace, server.Service?.Labels, node: null);
        line.Raw("}"u8);
    }

    private static void WriteObject(JsonLine line, string key, string? name, string? space, IReadOnlyList<Label>? labels, string? node)
    {
        if (name is null)
            return;
        line.Raw(",\""u8);
        line.Ascii(key);
        line.Raw("\":{\"name\":\""u8);
        WriteName(line, name);
        if (space is not null)
        {
            line.Raw("\",\"namespace\":\""u8);
            WriteName(line, space);
        }

        if (labels is { Count: > 0 })
        {
            line.Raw("\",\"labels\":[\""u8);
            for (var i = 0; i < labels.Count; i++)
            {
                if (i > 0)
                    line.Raw("\",\""u8);
                WriteName(line, $"{labels[i].Name}={labels[i].Value}");
            }

            line.Raw("\"]"u8);
        }
        else
        {
            line.Raw("\""u8);
        }

        if (node is not null)
        {
            line.Raw(",\"nodeName\":\""u8);
            WriteName(line, node);
            line.Raw("\""u8);
        }

        line.Raw("}"u8);
    }

    private void WriteTime(JsonLine line, (long Seconds, long Nanoseconds) time)
    {
        if (shape.HasTextTime)
        {
            line.Raw("{\"ts\":\""u8);
            line.Time(time.Seconds, time.Nanoseconds, nanosecondDigits: 9);
            line.Raw("\",\"pid\":"u8);
            return;
        }

        line.Raw("{\"ts\":{\"seconds\":"u8);
        line.Number(time.Seconds);
        if (time.Nanoseconds > 0)
        {
            line.Raw(",\"nanos\":"u8);
            line.Number(time.Nanoseconds);
        }

        line.Raw("},\"pid\":"u8);
    }

    private void WriteRequest(JsonLine line, MessageHead head)
    {
        line.Raw(shape.Request);
        line.Raw(ProtocolOf(head.Version));
        if (!head.Method.IsEmpty)
        {
            line.Raw("\",\"method\":\""u8);
            line.Text(head.Method);
        }

        if (!head.Target.IsEmpty)
        {
            line.Raw("\",\"url\":\""u8);
            Text.Url(line, head.Target);
        }

        line.Raw("\""u8);
        WriteFields(line, head);
        line.Raw(shape.MessageEnd);
    }

    private void WriteResponse(JsonLine line, MessageHead head)
    {
        line.Raw(shape.Response);
        line.Raw(ProtocolOf(head.Version));
        line.Raw("\",\"code\":"u8);
        line.Number(head.Status);
        WriteFields(line, head);
        line.Raw(shape.MessageEnd);
    }

    private void WriteFields(JsonLine line, MessageHead head)
    {
        var written = 0;
        // One look at the whole head is faster than one at each part.
        var isPlain = JsonLine.IsPlain(head.Bytes);
        for (var i = 0; i < head.Count; i++)
        {
            var name = head.Name(i);
            var rule = Text.RuleOf(name);
            if (rule == FieldRule.LeftOut)
                continue;
            if (!line.HasRoomFor(AroundField))
                break;
            line.Raw(written++ == 0 ? ",\"headers\":[{\"key\":\""u8 : "\"},{\"key\":\""u8);
            if (isPlain)
                line.PlainText(name);
            else
                line.Text(name);
            var value = head.Value(i);
            if (value.IsEmpty)
                continue;
            line.Raw("\",\"value\":\""u8);
            Text.Value(line, rule, value, isPlain);
        }

        if (written > 0)
            line.Raw("\"}]"u8);
    }

    private void WriteExt(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        line.Raw(connection.Connection);
        line.Ascii(EnumWords.Of(exchange.Outcome));
        line.Raw("\",\"duration_ns\":"u8);
        line.Number(Math.Max(0, Text.Clock.Nanoseconds(exchange.Started, exchange.Ended)));
        line.Raw(",\"request_bytes\":"u8);
        line.Number(exchange.RequestBytes);
        line.Raw(",\"response_bytes\":"u8);
        line.Number(exchange.ResponseBytes);
        WriteProcess(line, connection.ServerProcess);
        WriteProcess(line, connection.ClientProcess);
        if (exchange.Grpc is { } call)
            WriteCall(line, exchange, call, BehindMessage + connection.Names.Length);
        if (IsCut(line, exchange))
            line.Raw(",\"truncated\":true"u8);
        line.Raw("}"u8);
    }

    private void WriteCall(JsonLine line, Exchange exchange, GrpcCall call, int behindMessage)
    {
        if (call.Status is { } status)
        {
            line.Raw(",\"grpc_status\":"u8);
            line.Number(status);
        }

        if (Text.TryFindMessage(exchange, out var message))
        {
            line.Raw(",\"grpc_message\":\""u8);
            line.TextLimit = Text.MaxLine - behindMessage;
            Text.Message(line, message);
            line.Raw("\""u8);
        }

        line.Raw(",\"grpc_request_messages\":"u8);
        line.Number(call.RequestMessages);
        line.Raw(",\"grpc_response_messages\":"u8);
        line.Number(call.ResponseMessages);
    }
}
