using System.Text.Json;
using Chassis;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>What the server did with each record of a request.</summary>
/// <param name="Again">The positions of records to send again, because the server had no room for them.</param>
/// <param name="Refused">How many it will never take.</param>
/// <param name="Reason">Why, of the first one.</param>
internal sealed record BulkAnswer(IReadOnlyList<int> Again, int Refused, string? Reason)
{
    private const int Conflict = 409;
    private const int TooManyRequests = 429;

    /// <summary>Reads it.</summary>
    /// <param name="json">The answer's body.</param>
    /// <param name="count">The number of records in the request.</param>
    /// <exception cref="FormatException">It is not such an answer.</exception>
    public static BulkAnswer Parse(ReadOnlyMemory<byte> json, int count)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (!document.RootElement.GetProperty("errors").GetBoolean())
                return new([], 0, null);
            var items = document.RootElement.GetProperty("items");
            if (items.GetArrayLength() != count)
                throw new FormatException($"the server answered for {items.GetArrayLength()} of {count} records");
            var (again, refused, reason, at) = (new List<int>(), 0, default(string), 0);
            foreach (var item in items.EnumerateArray())
            {
                var result = item.EnumerateObject().First().Value;
                var status = result.GetProperty("status").GetInt32();
                // A conflict: an earlier attempt has come through, although its answer was lost.
                if (status is >= 400 and not Conflict)
                {
                    if (status is TooManyRequests or >= 500)
                    {
                        again.Add(at);
                    }
                    else
                    {
                        refused++;
                        reason ??= Describe(status, result);
                    }
                }

                at++;
            }

            return new(again, refused, reason);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"the server's answer is not that of the bulk API: {error.Message}", error);
        }
    }

    private static string Describe(int status, JsonElement result) =>
        result.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
            ? OneLine.Of($"{status} {Text(error, "type")}: {Text(error, "reason")}")
            : $"{status}";

    private static string Text(JsonElement error, string name) => error.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
}
