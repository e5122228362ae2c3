using System.Net;
using System.Text.Json.Serialization;
using Chassis.Net;
using Oracle.Decisions;
using Oracle.Policies;
using Oracle.Protocol;

namespace Oracle.Telemetry;

/// <summary>One line of the audit log: the question, the answer and the reason.</summary>
internal sealed record AuditRecord
{
    /// <summary>Time of the decision: RFC 3339, UTC, milliseconds.</summary>
    public required string Time { get; init; }

    /// <summary>The connection; null if there was no question.</summary>
    public string? ConnId { get; init; }

    /// <summary>The asker's role; null if there was no question.</summary>
    public string? Role { get; init; }

    /// <summary>The asking listener; null if the question does not name it, as in dialect v1.</summary>
    public string? Listener { get; init; }

    /// <summary>Destination of the connection, host and port; null if the question does not name it.</summary>
    public string? Destination { get; init; }

    /// <summary>Address of the asker's peer, as the question names it; null if there was no question.</summary>
    public string? PeerIp { get; init; }

    /// <summary>Its port.</summary>
    public int? PeerPort { get; init; }

    /// <summary>Address and port that the question came from.</summary>
    public string? Asker { get; init; }

    /// <summary>
    /// The answer in the question's dialect: <c>ok xor 42</c>, <c>ok (xor 42)</c>, before a greeting <c>peer</c> or <c>plain</c>, or
    /// <c>deny</c>, also if the connection was closed without an answer.
    /// </summary>
    public required string Answer { get; init; }

    /// <summary>The policy rule that decided.</summary>
    public string? Rule { get; init; }

    /// <summary>The policy's generation.</summary>
    public int? Generation { get; init; }

    /// <summary>Why it was denied.</summary>
    public string? Reason { get; init; }

    /// <summary>The record of one question, or of a connection without a question.</summary>
    public static AuditRecord Of(OracleQuestion? question, Decision decision, EndPoint? asker, DateTimeOffset now) => new()
    {
        Time = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
        ConnId = question?.Id.ToString(),
        Role = question?.Role.Word(),
        Listener = question?.Route?.Listener,
        Destination = question?.Destination()?.ToString(),
        PeerIp = question?.Peer.Address.ToString(),
        PeerPort = question?.Peer.Port,
        // A dual-stack socket shows IPv4 askers as ::ffff:10.0.0.1.
        Asker = asker is IPEndPoint address ? NetworkAddress.Canonical(address).ToString() : null,
        Answer = decision.Answer.ToShownLine(question?.Dialect ?? OracleDialect.V1) ?? OracleAnswer.Denied.ToString(),
        Rule = decision.Rule,
        Generation = decision.Generation,
        Reason = decision.Reason?.Word(),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class AuditJson : JsonSerializerContext;
