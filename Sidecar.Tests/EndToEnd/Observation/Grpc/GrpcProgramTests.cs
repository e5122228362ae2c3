using System.Globalization;
using System.Text.Json;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation.Grpc;

/// <summary>gRPC between grpc-js and itself: each call is recorded as the client, and the server where it ended it, say that it went.</summary>
public sealed class GrpcProgramTests : IDisposable
{
    private const int Count = 3000;

    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Theory]
    [MemberData(nameof(Watcher.All), MemberType = typeof(Watcher))]
    public async Task GrpcJs_CallsOfAllKinds_AreRecordedAsBothSaw(string kind)
    {
        await using var server = ProgramProcess.StartCommand("node", Script("server"));
        await Eventually.TrueAsync(() => server.Output.Count > 0, () => string.Join('\n', server.Errors));
        var port = JsonDocument.Parse(server.Output[0]).RootElement.GetProperty("port").GetInt32();
        await using var watcher = await Watcher.StartAsync(kind, port, _records);

        var output = await Programs.RunAsync("node", "nodejs", Script("client"), $"{watcher.Port}", $"{Count}");

        var calls = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Call.Parse).ToDictionary(call => call.Id);
        var records = (await _records.ReadAsync(Count)).ToDictionary(IdOf);
        Assert.Equal(Count, calls.Count);
        NoneDisagrees(calls.Values, records);
        var ended = server.Output.Skip(1).Select(Call.Parse).ToList();
        Assert.InRange(ended.Count, Count / 2, Count);
        NoneDisagrees(ended, records);
        Assert.Equal(3, records.Values.Select(r => r.Connection).Distinct().Count());
        foreach (var ending in (string[])["Cancel", "Deadline", "Refuse", "Unknown"])
            Assert.InRange(calls.Values.Count(call => call.Kind == ending), Count / 100, Count);
        await HasCountedAsync(watcher, records.Values);
    }

    private static async Task HasCountedAsync(Watcher watcher, IReadOnlyCollection<RecordedExchange> records)
    {
        const string Metric = "rpc_server_call_duration_seconds_count";
        var metrics = await watcher.ScrapeAsync();
        Assert.Equal(Count, metrics.Sum(Metric, "rpc_system_name=\"grpc\""));
        Assert.Equal(Count, metrics.Sum("http_server_request_duration_seconds_count", "http_request_method=\"POST\"", "network_protocol_version=\"2\""));
        foreach (var (name, number) in (ReadOnlySpan<(string, int)>)[("OK", 0), ("NOT_FOUND", 5), ("UNAUTHENTICATED", 16)])
            Assert.Equal(records.Count(r => r.GrpcStatus == number), metrics.Sum(Metric, $"rpc_response_status_code=\"{name}\""));
        Assert.Equal(records.Count(r => r.Url == "/test.Calls/Talk"), metrics.Sum(Metric, "rpc_method=\"test.Calls/Talk\""));
        // One that only fails has a series too, of a few that such methods share out.
        Assert.Equal(records.Count(r => r.Url == "/test.Calls/Unknown"), metrics.Sum(Metric, "rpc_method=\"test.Calls/Unknown\"", "rpc_response_status_code=\"UNIMPLEMENTED\""));
    }

    private static void NoneDisagrees(IEnumerable<Call> calls, Dictionary<int, RecordedExchange> records)
    {
        var found = calls.Select(call => Disagreement(call, records[call.Id])).OfType<string>().ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    // Null when all agrees.
    private static string? Disagreement(Call call, RecordedExchange record)
    {
        (string, long?, string?, long?, long?) found =
            (record.Outcome, record.GrpcStatus, record.Text("grpc_message") ?? "", record.Number("grpc_request_messages"), record.Number("grpc_response_messages"));
        (string, long?, string?, long?, long?) expected = call.Kind switch
        {
            // Without a status on the wire the record has the one that gRPC gives: CANCELLED, or DEADLINE_EXCEEDED.
            "Cancel" => ("client_reset", 1, "", 1, 1),
            // The server keeps the client's deadline as well: the side that first finds it passed tells the other, and the client tells its
            // caller.
            "Deadline" when record.Outcome == "completed" => ("completed", 4, "Deadline exceeded", 1, 1),
            // If a loaded machine brought a call late, its deadline may not have passed for the observer: then it counts as cancelled.
            "Deadline" => ("client_reset", found.Item2 == 1 ? 1 : 4, "", 1, found.Item5),
            // Refused for its head alone, it may be over before the client's message.
            "Unknown" => ("completed", call.Status, call.Message, found.Item4 == 0 ? 0 : call.Sent, call.Received),
            _ => ("completed", call.Status, call.Message, call.Sent, call.Received),
        };
        return expected == found && (call.Kind != "Deadline" || call.Status == 4) && record.Url == call.Path && record.Method == "POST" ? null : $"{call}: {found} {record.Json}";
    }

    private static int IdOf(RecordedExchange record) => int.Parse(
        record.Request.GetProperty("headers").EnumerateArray().Single(field => field.GetProperty("key").GetString() == "x-call").GetProperty("value").GetString()!, CultureInfo.InvariantCulture);

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "grpc", $"{name}.js");

    /// <summary>A call as one side saw it.</summary>
    private sealed record Call(int Id, string Kind, string Path, long? Status, string Message, long? Sent, long? Received)
    {
        public static Call Parse(string line) => JsonSerializer.Deserialize<Call>(line, JsonSerializerOptions.Web)!;
    }
}
