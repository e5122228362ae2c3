using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Connections;

namespace Sidecar.Records;

/// <summary>One JSON line for each ended connection.</summary>
/// <param name="Time">Time of the end: RFC 3339, UTC, milliseconds.</param>
/// <param name="Id">The connection's id, the same on both sidecars of a pair.</param>
/// <param name="Listener">The listener's name.</param>
/// <param name="Role">alone, p1 or p2.</param>
/// <param name="Session">Whether there was a sidecar on the other side (<see cref="PeerSession"/>).</param>
/// <param name="Client">Address and port of the client: the one that connected, or the one that its PROXY header named.</param>
/// <param name="Proxy">Address and port of the sender of that header.</param>
/// <param name="Destination">The client's destination, if this sidecar knows it.</param>
/// <param name="Name">The host name that the client sent, if a route depended on it: of TLS or HTTP.</param>
/// <param name="Upstream">The address to which the sidecar connected.</param>
/// <param name="Transform">The transform of its bytes, in canonical form (<see cref="BoundedText"/>).</param>
/// <param name="Reason">Why it ended (<see cref="RelayEndReason"/> in snake case).</param>
/// <param name="Detail">The reason in words.</param>
/// <param name="Unobserved">Why some of its exchanges are missing; null if it was observed to its end, or should not be observed.</param>
/// <param name="DurationMs">From accept to end, in milliseconds.</param>
/// <param name="DownstreamReceived">Bytes from the client's side.</param>
/// <param name="DownstreamSent">Bytes to the client's side.</param>
/// <param name="UpstreamReceived">Bytes from the upstream.</param>
/// <param name="UpstreamSent">Bytes to the upstream.</param>
internal sealed record ConnectionRecord(
    string Time,
    string Id,
    string Listener,
    string Role,
    string? Session,
    string Client,
    string? Proxy,
    string? Destination,
    string? Name,
    string? Upstream,
    string? Transform,
    string Reason,
    string? Detail,
    UnobservedRecord? Unobserved,
    double DurationMs,
    long DownstreamReceived,
    long DownstreamSent,
    long UpstreamReceived,
    long UpstreamSent);

/// <summary>How records are written: snake case, no nulls.</summary>
[JsonSerializable(typeof(ConnectionRecord))]
internal sealed partial class RecordJson : JsonSerializerContext
{
    /// <summary>Quotes and angle brackets are written plainly, because people and jq read records, and no page contains them.</summary>
    public static RecordJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
