using System.Text.Json;
using Testing;

namespace Sidecar.Tests.Support;

/// <summary>One line of a sidecar's records of exchanges, read by the names that users see.</summary>
internal sealed record RecordedExchange(JsonElement Json)
{
    public string Method => Request.GetProperty("method").GetString()!;

    public string Url => Request.GetProperty("url").GetString()!;

    public string Protocol => Request.GetProperty("protocol").GetString()!;

    /// <summary>Null where no response came.</summary>
    public int? Status => Response?.GetProperty("code").GetInt32();

    public int ClientPort => Json.GetProperty("l4").GetProperty(nameof(Protocol)).GetProperty("TCP").GetProperty("client_port").GetInt32();

    public string Outcome => Text("outcome")!;

    public string Connection => Text("conn_id")!;

    public long RequestBytes => Number("request_bytes")!.Value;

    public long ResponseBytes => Number("response_bytes")!.Value;

    public long? GrpcStatus => Number("grpc_status");

    public JsonElement Request => Json.GetProperty("l7").GetProperty("request").GetProperty("Record").GetProperty("Http");

    public JsonElement? Response => Json.GetProperty("l7").TryGetProperty("response", out var response) ? response.GetProperty("Record").GetProperty("Http") : null;

    /// <summary>A number of <c>ext</c>.</summary>
    public long? Number(string name) => Json.GetProperty("ext").TryGetProperty(name, out var value) ? value.GetInt64() : null;

    /// <summary>A text of <c>ext</c>.</summary>
    public string? Text(string name) => Json.GetProperty("ext").TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>What most tests compare.</summary>
    public (string Method, string Url, int? Status, string Outcome) InShort() => (Method, Url, Status, Outcome);

    public override string ToString() => $"{Method} {Url} {Status} {Outcome}";

    public static RecordedExchange Parse(string line) => new(JsonDocument.Parse(line).RootElement);
}

/// <summary>The file into which a sidecar writes its records of exchanges.</summary>
internal sealed class ExchangeRecords : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>The words that have a sidecar write all of them there: what is compared with other programs' counts has no limit of rate.</summary>
    public IReadOnlyList<string> Words => ["--records", Path, "--records-connection-rate", "off", "--records-client-rate", "off"];

    public string Path => _folder.File("exchanges");

    /// <summary>The whole lines so far.</summary>
    public IReadOnlyList<RecordedExchange> Read() => Read(Path);

    /// <summary>The whole lines of a file so far.</summary>
    public static IReadOnlyList<RecordedExchange> Read(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = file.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(RecordedExchange.Parse)];
    }

    /// <summary>Waits for so many, and fails if there are more.</summary>
    public async Task<IReadOnlyList<RecordedExchange>> ReadAsync(int count)
    {
        IReadOnlyList<RecordedExchange> found = [];
        await Eventually.TrueAsync(() => (found = Read()).Count >= count, () => $"{count} records are expected, not {found.Count}");
        Xunit.Assert.Equal(count, found.Count);
        return found;
    }

    public void Dispose() => _folder.Dispose();
}
