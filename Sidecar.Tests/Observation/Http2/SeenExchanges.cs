using System.Globalization;
using System.Text;
using Sidecar.Observation;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>Exchanges as text, in the order in which they were reported.</summary>
internal sealed class SeenExchanges : IExchangeSink
{
    private readonly HashSet<Exchange> _exchanges = [];

    public List<string> Lines { get; } = [];

    /// <summary>Also when each thing happened.</summary>
    public bool WithTimes { get; init; }

    /// <summary>Also how long each side was.</summary>
    public bool WithBytes { get; init; }

    public void OnExchange(Exchange exchange)
    {
        if (!_exchanges.Add(exchange))
            Lines.Add("the same exchange again");
        var line = new StringBuilder($"{Text(exchange.Request.Method)} {Text(exchange.Request.Target)}{Fields(exchange.Request)}");
        Append(line, WithBytes, $" {exchange.RequestBytes}");
        line.Append(" > ").Append(exchange.Response is { } response ? $"{response.Status}{Fields(response)}" : "-");
        Append(line, exchange.Trailers is not null, $" +{(exchange.Trailers is { } trailers ? Fields(trailers) : "")}");
        Append(line, WithBytes, $" {exchange.ResponseBytes}");
        if (exchange.Grpc is { } call)
            line.Append(CultureInfo.InvariantCulture, $" grpc {call.Status?.ToString(CultureInfo.InvariantCulture) ?? "-"} {call.RequestMessages}/{call.ResponseMessages}");
        line.Append(CultureInfo.InvariantCulture, $" {exchange.Outcome}");
        Append(line, WithTimes, $" {exchange.Started} {exchange.Requested} {exchange.Responded} {exchange.Ended}");
        Lines.Add(line.ToString());
    }

    private static void Append(StringBuilder line, bool isWanted, string text) => line.Append(isWanted ? text : "");

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static string Fields(MessageHead head)
    {
        var fields = Enumerable.Range(0, head.Count).Select(i => $"{Text(head.Name(i))}: {Text(head.Value(i))}");
        return $" [{string.Join(" | ", fields)}]{(head.IsTruncated ? "..." : "")}{(head.Version == HttpVersion.Http2 ? "" : $" {head.Version}")}";
    }
}
