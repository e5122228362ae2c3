using System.Collections.Concurrent;
using System.Text.Json;
using ByteFilters;
using Oracle.Protocol;
using Processes;

namespace Demo.Verification;

/// <summary>The Oracle's audit log, read from its stdout: which transform each side of a connection was told.</summary>
internal sealed class OracleAudit
{
    private const int MaxConnections = 10_000;

    // The log is written behind the answers; a line of it is due within milliseconds, on a busy machine within seconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<(string Id, string Role), string> _answers = new();

    /// <summary>Takes a line of any program; those that are not the audit log's are passed over.</summary>
    public void Take(ProcessOutput output)
    {
        if (output.IsError || _answers.Count >= 2 * MaxConnections || !output.Line.StartsWith('{'))
            return;
        try
        {
            using var json = JsonDocument.Parse(output.Line);
            if (Text(json, "conn_id") is { } id && Text(json, "role") is { } role && Text(json, "answer") is { } answer)
                _answers[(id, role)] = answer;
        }
        catch (JsonException)
        {
            // Not a record: a program may print other lines that start with a brace.
        }
    }

    /// <summary>The transform that the Oracle told both sidecars; null when one has no answer, a denial or another transform.</summary>
    public async Task<TransformExpression?> FindAsync(ConnectionId id, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Limit);
        try
        {
            string? outbound, inbound;
            while (!_answers.TryGetValue(($"{id}", "outbound"), out outbound) | !_answers.TryGetValue(($"{id}", "inbound"), out inbound))
                await Task.Delay(Interval, deadline.Token);
            return outbound == inbound && OracleAnswer.TryParse(outbound!, OracleDialect.V1x, TransformLanguage.Default, out var answer) ? answer.Transform : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private static string? Text(JsonDocument json, string name) =>
        json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
