using System.Text;
using System.Text.Json;
using Sidecar.Owners;
using Sidecar.Records.Exchanges.Formats;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Formats;

/// <summary>The processes of both ends in each format, and that docs/records.md shows them so.</summary>
public sealed class FormatProcessTests
{
    private static readonly string Id = new('d', 64);

    public static TheoryData<string> Formats => [.. RecordFormats.Names.Except(["envoy"]), "otlp-span", "otlp-log"];

    [Theory]
    [InlineData("perisco", """{"pid":8,"ext.server_command":"nginx","ext.server_container":"ID","ext.client_pid":7,"ext.client_command":"curl","ext.client_container":"ID"}""")]
    [InlineData("perisco-v2", """{"pid":8,"ext.server_command":"nginx","ext.server_container":"ID","ext.client_pid":7,"ext.client_command":"curl","ext.client_container":"ID"}""")]
    [InlineData("otel", """
        {"attributes.process.pid":8,"attributes.process.executable.name":"nginx","attributes.container.id":"ID",
        "attributes.client.process.pid":7,"attributes.client.process.executable.name":"curl","attributes.client.container.id":"ID"}
        """)]
    [InlineData("ecs", """{"process.pid":8,"process.name":"nginx","container.id":"ID","labels.client_pid":"7","labels.client_command":"curl","labels.client_container":"ID"}""")]
    [InlineData("envoy", "{}")]
    public void Write_ProcessesOfBothEnds_HasThem(string format, string expected)
    {
        var values = Values(Parse(Written(format, Process(7, "curl", Id), Process(8, "nginx", Id))));

        Assert.All(JsonDocument.Parse(expected.Replace("ID", Id, StringComparison.Ordinal)).RootElement.EnumerateObject(), field => Assert.Equal(field.Value.GetRawText(), values[field.Name]));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_WhatIsNotKnown_IsLeftOut(string format)
    {
        var nothing = Written(format, Process(null), Process(null));
        Assert.All(["command", "container", "executable", "client_pid", "client.process"], key => Assert.DoesNotContain(key, nothing, StringComparison.Ordinal));
        // A process that has ended meanwhile, of a known container.
        Assert.All([Process(null, null, Id), Process(5, null, Id), Process(5, "a", null)], process => Parse(Written(format, process, process)));
        Assert.Contains(Id, Written(format, Process(null, null, Id), Process(null)), StringComparison.Ordinal);
        Assert.Contains(Id, Written(format, Process(null), Process(null, null, Id)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_OfASidecar_HasThePidAlone(string format)
    {
        var line = MadeExchanges.Written(Format(format, Text()), Of(), Origin(process: Process(8, "nginx", Id)));

        Assert.DoesNotContain("nginx", line, StringComparison.Ordinal);
        Assert.DoesNotContain(Id, line, StringComparison.Ordinal);
    }

    // A process can give itself any name of 15 bytes.
    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_AStrangeCommand_IsItsText(string format)
    {
        const string strange = "a\"b\\c\u0001\u00e9{}";

        Assert.Contains($"\"{strange}\"", Texts(Parse(Written(format, Process(7, strange, null), Process(8, strange, null)))), StringComparer.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_ProcessesThatAreLookedFor_LeavePlacesForAllOfThem(string format)
    {
        var (client, server) = (new LocalProcess(isPending: true), new LocalProcess(isPending: true));
        var line = new JsonLine();
        Format(format, Text()).For(Origin(process: server) with { ClientProcess = client }).Write(line, Of());
        client.Found(int.MaxValue, new string('\u0001', 15), Id);
        server.Found(int.MaxValue, new string('\u0001', 15), Id);

        // As the sink does it: the texts in their places, none longer than it said.
        var settled = new StringBuilder();
        var at = 0;
        foreach (var late in line.LateTexts)
        {
            settled.Append(Encoding.UTF8.GetString(line.Bytes[at..late.At]));
            var room = new byte[late.Text.MaxLength];
            settled.Append(Encoding.UTF8.GetString(room.AsSpan(0, late.Text.Write(room))));
            at = late.At;
        }

        settled.Append(Encoding.UTF8.GetString(line.Bytes[at..]));
        Parse(settled.ToString());
        // The ids of a span are random.
        Assert.Equal(Written(format, client, server).Split("\"traceId\"")[0], settled.ToString().Split("\"traceId\"")[0]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Line_WithLongProcesses_KeepsItsLimit(string format)
    {
        var exchange = Completed(Request("GET", "/" + new string('u', 5000), ("Cookie", new string('c', 5000))), Response(200, ("Content-Type", new string('t', 5000))));
        var process = Process(int.MaxValue, new string('\u0001', 15), Id);
        var format4K = Format(format, Text(maxLine: 4096));

        var line = MadeExchanges.Written(format4K, exchange, Origin(process: process) with { ClientProcess = process });

        Parse(line);
        Assert.InRange(Encoding.UTF8.GetByteCount(line), 1000, 4096);
    }

    [Fact]
    public void Document_ShowsTheFieldsOfEveryFormat()
    {
        var table = File.ReadLines(Path.Combine(Repository.Root, "docs", "records.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]).ToList();
        var head = table.FindIndex(cells => cells[0] == "meaning");
        var rows = table.Skip(head + 1).TakeWhile(cells => cells.Length == table[head].Length).Where(cells => cells[0].Contains("[observe]", StringComparison.Ordinal)).ToList();
        foreach (var format in RecordFormats.Names)
        {
            var column = Array.IndexOf(table[head], $"`{format}`");
            var shown = rows.SelectMany(cells => cells[column].Split(", ")).Where(cell => cell.StartsWith('`')).Select(cell => cell.Trim('`'));
            var process = Process(1, "a", Id);
            var without = Values(Parse(Written(format, Process(null), Process(1)))).Keys;
            Assert.Equal(Values(Parse(Written(format, process, process))).Keys.Except(without).Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
        }
    }

    private static LocalProcess Process(int? id, string? command = null, string? container = null)
    {
        var process = new LocalProcess(isPending: true, LocalProcess.Unknown);
        process.Found(id, command, container);
        return process;
    }

    private static string Written(string format, LocalProcess client, LocalProcess server) =>
        MadeExchanges.Written(Format(format, Text()), Of(), Origin(process: server) with { ClientProcess = client });

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;

    private static Dictionary<string, string> Values(JsonElement element) => Pairs(element, "").ToDictionary(pair => pair.Key, pair => pair.Value);

    private static IEnumerable<(string Key, string Value)> Pairs(JsonElement element, string path) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(property => Pairs(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}"))
        : [(path, element.GetRawText())];

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Texts(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String => [$"\"{element.GetString()}\""],
        _ => [],
    };
}
