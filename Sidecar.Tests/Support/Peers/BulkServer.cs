using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.IO.Enumeration;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sidecar.Tests.Support.Peers;

/// <summary>What the server does with the next request for records.</summary>
internal enum BulkFault
{
    /// <summary>429 for the whole request.</summary>
    Busy,

    /// <summary>503 for the whole request.</summary>
    Unavailable,

    /// <summary>429 for each second record; the others are taken.</summary>
    BusyItems,

    /// <summary>400 for the first record; the others are taken.</summary>
    RefusedItem,

    /// <summary>The connection ends before the body is read.</summary>
    CutBefore,

    /// <summary>The connection ends in the middle of the body.</summary>
    CutInside,

    /// <summary>All is taken, and the connection ends before the answer.</summary>
    CutAfter,

    /// <summary>All is taken, and the connection ends in the middle of the answer.</summary>
    CutInAnswer,

    /// <summary>413, unless it is one record.</summary>
    TooLarge,

    /// <summary>An answer that is not the bulk API's.</summary>
    Nonsense,

    /// <summary>Nothing is taken and nothing answered until the client leaves.</summary>
    Hang,

    /// <summary>None: it is taken and answered.</summary>
    None,
}

/// <summary>A stand-in for Elasticsearch that takes only what its bulk API takes, and makes trouble as it is told.</summary>
internal sealed class BulkServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private BulkServer(WebApplication app)
    {
        _app = app;
        // Its own client refuses a server that does not say what it is.
        app.Use((http, next) =>
        {
            http.Response.Headers["X-Elastic-Product"] = "Elasticsearch";
            http.Response.ContentType = "application/json";
            return next(http);
        });
    }

    /// <summary>The faults of the next requests for records, in order.</summary>
    public ConcurrentQueue<BulkFault> Faults { get; } = new();

    /// <summary>What was wrong with requests.</summary>
    public ConcurrentQueue<string> Mistakes { get; } = new();

    /// <summary>The requests for records, decompressed.</summary>
    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>Reasons for which documents were refused, as the server's own rules have them.</summary>
    public ConcurrentQueue<string> Refusals { get; } = new();

    /// <summary>Whether it knows data streams, as Elasticsearch 7.9 and OpenSearch do.</summary>
    public bool HasDataStreams { get; init; } = true;

    /// <summary>The names of data streams with records.</summary>
    public IReadOnlyList<string> DataStreams => [.. Documents.Keys.Select(key => key.Index).Distinct().Where(IsDataStream)];

    /// <summary>The documents by index and id.</summary>
    public ConcurrentDictionary<(string Index, string Id), string> Documents { get; } = new();

    /// <summary>The index templates by their names.</summary>
    public ConcurrentDictionary<string, JsonNode> Templates { get; } = new();

    /// <summary>The values of the field Authorization.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>The number of records that came a second time, although they were there.</summary>
    public int Conflicts;

    /// <summary>While set, no request for records is answered.</summary>
    public volatile bool Hangs;

    /// <summary>Its address.</summary>
    public Uri Url => new(_app.Urls.Single());

    /// <summary>Starts it.</summary>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="certificate">For TLS; null for none.</param>
    /// <param name="hasDataStreams">Whether it knows data streams.</param>
    public static async Task<BulkServer> StartAsync(int port = 0, X509Certificate2? certificate = null, bool hasDataStreams = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        var server = new BulkServer(app) { HasDataStreams = hasDataStreams };
        app.MapPut("/_index_template/{name}", server.TemplateAsync);
        app.MapPost("/_bulk", server.BulkAsync);
        app.MapFallback((HttpContext http) =>
        {
            server.Mistakes.Enqueue($"{http.Request.Method} {http.Request.Path}");
            http.Response.StatusCode = 404;
        });
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TemplateAsync(HttpContext http, string name)
    {
        var template = (await JsonNode.ParseAsync(http.Request.Body))!;
        if (template["data_stream"] is not null && !HasDataStreams)
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsync("""{"error":{"type":"x_content_parse_exception","reason":"[1:2] [index_template] unknown field [data_stream]"},"status":400}""");
            return;
        }

        if (template["data_stream"] is not null && (string?)template["template"]?["mappings"]?["properties"]?["@timestamp"]?["type"] is not ("date" or "date_nanos"))
            Mistakes.Enqueue($"template {name} of a data stream has no @timestamp");
        Templates[name] = template;
        await http.Response.WriteAsync("""{"acknowledged":true}""");
    }

    private async Task BulkAsync(HttpContext http)
    {
        Authorizations.Enqueue(http.Request.Headers.Authorization.ToString());
        while (Hangs && !http.RequestAborted.IsCancellationRequested)
            await Task.Delay(10);
        if (http.RequestAborted.IsCancellationRequested)
            return;
        BulkFault? fault = Faults.TryDequeue(out var next) ? next : null;
        if (fault == BulkFault.Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        if (fault == BulkFault.CutBefore)
        {
            http.Abort();
            return;
        }

        if (fault == BulkFault.CutInside)
        {
            _ = await http.Request.Body.ReadAtLeastAsync(new byte[100], 100, throwOnEndOfStream: false);
            http.Abort();
            return;
        }

        var pairs = await ReadAsync(http.Request);
        if (fault is BulkFault.Busy or BulkFault.Unavailable || (fault == BulkFault.TooLarge && pairs.Count > 1))
        {
            http.Response.StatusCode = fault switch { BulkFault.Busy => 429, BulkFault.Unavailable => 503, _ => 413 };
            if (fault == BulkFault.Busy)
                http.Response.Headers.RetryAfter = "0";
            // The halves are too large as well.
            if (fault == BulkFault.TooLarge && pairs.Count > 8)
            {
                Faults.Enqueue(BulkFault.TooLarge);
                Faults.Enqueue(BulkFault.TooLarge);
            }

            return;
        }

        if (fault == BulkFault.Nonsense)
        {
            await http.Response.WriteAsync("<html>a proxy's page</html>");
            return;
        }

        var items = pairs.Select((pair, i) => Take(pair, fault, i)).ToList();
        if (fault == BulkFault.CutAfter)
        {
            http.Abort();
            return;
        }

        var answer = new JsonObject
        {
            ["errors"] = items.Any(status => status >= 400),
            ["items"] = new JsonArray([.. items.Select((status, i) => (JsonNode)new JsonObject { [pairs[i].Action] = status < 400
                ? new JsonObject { ["status"] = status }
                : new JsonObject { ["status"] = status, ["error"] = new JsonObject { ["type"] = "some_exception", ["reason"] = "for a test" } } })]),
        }.ToJsonString();
        if (fault == BulkFault.CutInAnswer)
        {
            await http.Response.WriteAsync(answer[..(answer.Length / 2)]);
            await http.Response.Body.FlushAsync();
            http.Abort();
            return;
        }

        await http.Response.WriteAsync(answer);
    }

    private int Take(BulkItem item, BulkFault? fault, int position)
    {
        var (action, index, id, document) = item;
        if (fault == BulkFault.BusyItems && position % 2 == 1)
            return 429;
        if (fault == BulkFault.RefusedItem && position == 0)
            return 400;
        if (RefusalOf(item) is { } refusal)
        {
            Refusals.Enqueue(refusal);
            return 400;
        }

        if (action == "index" || Documents.TryAdd((index, id), document))
        {
            Documents[(index, id)] = document;
            return 201;
        }

        Interlocked.Increment(ref Conflicts);
        if (Documents[(index, id)] != document)
            Mistakes.Enqueue($"{id} stands for two documents");
        return 409;
    }

    // What the server's own rules and the template say against a document.
    private string? RefusalOf(BulkItem item)
    {
        var document = JsonNode.Parse(item.Document)!;
        if (IsDataStream(item.Index))
        {
            if (item.Action != "create")
                return "only write ops with an op_type of create are allowed in data streams";
            if (document["@timestamp"] is not JsonValue)
                return "data stream timestamp field [@timestamp] is missing";
        }

        return TemplateOf(item.Index)?["template"]?["mappings"] is { } mappings ? new IndexMapping(mappings).RefusalOf(document) : null;
    }

    private bool IsDataStream(string index) => TemplateOf(index)?["data_stream"] is not null;

    private JsonNode? TemplateOf(string index) => Templates.Values
        .Where(template => template["index_patterns"]!.AsArray().Any(pattern => FileSystemName.MatchesSimpleExpression((string)pattern!, index)))
        .MaxBy(template => (int?)template["priority"] ?? 0);

    // As strict as the documentation of the API.
    private async Task<List<BulkItem>> ReadAsync(HttpRequest request)
    {
        if (request.ContentType is not ("application/x-ndjson" or "application/vnd.elasticsearch+x-ndjson; compatible-with=8") || request.Headers.ContentEncoding != "gzip")
            Mistakes.Enqueue($"{request.ContentType}, {request.Headers.ContentEncoding}");
        using var body = new MemoryStream();
        await using (var gzip = new GZipStream(request.Body, CompressionMode.Decompress))
            await gzip.CopyToAsync(body);
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body.ToArray());
        Bodies.Enqueue(text);
        if (!text.EndsWith('\n'))
            Mistakes.Enqueue("the body does not end with a line feed");
        var lines = text.TrimEnd('\n').Split('\n');
        if (lines.Length % 2 != 0)
            Mistakes.Enqueue($"{lines.Length} lines");
        var pairs = new List<BulkItem>();
        for (var i = 0; i + 1 < lines.Length; i += 2)
        {
            try
            {
                var action = JsonDocument.Parse(lines[i]).RootElement.EnumerateObject().Single();
                if (action.Name is not ("create" or "index"))
                    throw new JsonException($"{action.Name} is not an action for records");
                JsonDocument.Parse(lines[i + 1]).Dispose();
                pairs.Add(new BulkItem(action.Name, action.Value.GetProperty("_index").GetString()!, action.Value.GetProperty("_id").GetString()!, lines[i + 1]));
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                Mistakes.Enqueue(string.Create(CultureInfo.InvariantCulture, $"line {i}: {error.Message}"));
            }
        }

        return pairs;
    }

    private sealed record BulkItem(string Action, string Index, string Id, string Document);
}
