using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Connections;

namespace Sidecar.Records;

/// <summary>One JSON line for each ended connection.</summary>
/// <param name="Time">When it ended: RFC 3339, UTC, milliseconds.</param>
/// <param name="Id">The connection's name, the same on both sidecars of a pair.</param>
/// <param name="Listener">The listener's name.</param>
/// <param name="Role">alone, p1 or p2.</param>
/// <param name="Client">Address and port of the client: whoever connected, or whom its PROXY header named.</param>
/// <param name="Proxy">Address and port of whoever sent that header.</param>
/// <param name="Destination">Where the client wanted to go, as far as this sidecar knows.</param>
/// <param name="Upstream">What the sidecar connected to.</param>
/// <param name="Transform">The transform of its bytes, in canonical form (<see cref="BoundedText"/>).</param>
/// <param name="Reason">Why it ended (<see cref="RelayEndReason"/> in snake case).</param>
/// <param name="Detail">The reason in words.</param>
/// <param name="Unobserved">Why its exchanges are not all there; null where it was observed to its end, or not meant to be.</param>
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
    string Client,
    string? Proxy,
    string? Destination,
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
    /// <summary>Quotes and angle brackets stand as they are: records are read by people and jq, never put into a page.</summary>
    public static RecordJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
