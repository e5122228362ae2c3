using System.Globalization;
using System.Text.Json;
using Testing;

namespace Sidecar.Tests.Support;

/// <summary>One line of a sidecar's connection records, read by the names that users see.</summary>
internal sealed record RecordedConnection(JsonElement Json)
{
    public string Reason => Text("reason")!;

    public string Id => Text("id")!;

    public double DurationMs => Number("duration_ms");

    /// <summary>When it was accepted, to about a millisecond.</summary>
    public DateTimeOffset Began => DateTimeOffset.Parse(Text("time")!, CultureInfo.InvariantCulture).AddMilliseconds(-DurationMs);

    public string? Text(string name) => Json.TryGetProperty(name, out var value) ? value.GetString() : null;

    public double Number(string name) => Json.GetProperty(name).GetDouble();

    public override string ToString() => Json.ToString();

    public static RecordedConnection Parse(string line) => new(JsonDocument.Parse(line).RootElement);
}

/// <summary>The file into which a sidecar writes its connection records.</summary>
internal sealed class ConnectionRecords(string path)
{
    /// <summary>The whole lines so far.</summary>
    public IReadOnlyList<RecordedConnection> Read()
    {
        if (!File.Exists(path))
            return [];
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = file.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(RecordedConnection.Parse)];
    }

    /// <summary>Waits for a record of which the predicate holds.</summary>
    public async Task<RecordedConnection> FirstAsync(Func<RecordedConnection, bool> predicate)
    {
        RecordedConnection? found = null;
        await Eventually.TrueAsync(() => (found = Read().FirstOrDefault(predicate)) is not null, $"a record in {path}");
        return found!;
    }
}
