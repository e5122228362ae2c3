using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sidecar.Tests.Support.Peers;

/// <summary>What the server does in place of an answer, or of the next event of a watch.</summary>
internal enum ApiFault
{
    /// <summary>503.</summary>
    Unavailable,

    /// <summary>The connection ends in the middle.</summary>
    Cut,

    /// <summary>The answer ends in order, in the middle.</summary>
    End,

    /// <summary>What is no JSON.</summary>
    Garbage,

    /// <summary>JSON of other types than the API's.</summary>
    Strange,

    /// <summary>More bytes than any object has.</summary>
    Oversize,

    /// <summary>410, in a watch as an event.</summary>
    Gone,
}

/// <summary>
/// A stand-in for the API server of Kubernetes: lists in pages and watches of pods, services and endpoint slices, with versions, bookmarks
/// and a history that can be forgotten. It makes trouble as it is told.
/// </summary>
internal sealed class KubernetesApi : IAsyncDisposable
{
    // 12 MB without a line feed.
    private const int OversizeBlocks = 12;

    private readonly Lock _lock = new();
    private readonly WebApplication _app;
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<(long Version, string Kind, string Line)> _history = [];
    private readonly ConcurrentDictionary<string, (long Version, List<JsonObject> Items)> _snapshots = [];
    private long _version = 1000;
    private long _oldest;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _watches = new();

    private KubernetesApi(WebApplication app) => _app = app;

    /// <summary>Faults of the next lists, in order.</summary>
    public ConcurrentQueue<ApiFault> ListFaults { get; } = new();

    /// <summary>Faults of the next events of watches, in order.</summary>
    public ConcurrentQueue<ApiFault> WatchFaults { get; } = new();

    /// <summary>Path and query of all requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The kinds of watches that have begun.</summary>
    public ConcurrentQueue<string> Begun { get; } = new();

    /// <summary>Bytes that are sent at once.</summary>
    public int Piece { get; set; } = int.MaxValue;

    /// <summary>The only token that is accepted; null for any request.</summary>
    public string? Token { get; set; }

    /// <summary>While set, no request is answered.</summary>
    public volatile bool Hangs;

    /// <summary>Whether it is too old for discovery.k8s.io/v1.</summary>
    public bool IsOld { get; set; }

    /// <summary>Its address.</summary>
    public Uri Url => new(_app.Urls.Single());

    /// <summary>Starts it.</summary>
    /// <param name="certificate">For TLS; null for none.</param>
    public static async Task<KubernetesApi> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        var server = new KubernetesApi(app);
        app.MapFallback(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>A pod as a cluster shows it, with much that nobody reads.</summary>
    public static JsonObject Pod(string name, string? ip, string? uid = null, string space = "shop", DateTimeOffset? created = null, string phase = "Running", bool hostNetwork = false, string? more = null)
    {
        var pod = Object("v1", "Pod", name, uid, space, created);
        pod["metadata"]!["labels"] = new JsonObject { ["app"] = name.Split('-')[0], ["pod-template-hash"] = "5d4f8c" };
        pod["metadata"]!["annotations"] = new JsonObject { ["note"] = more ?? "{\"a\":\"}\\n\"}" };
        pod["spec"] = new JsonObject
        {
            ["nodeName"] = "node-1",
            ["serviceAccountName"] = "account",
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "app", ["image"] = "app:1", ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 9000 }) }),
        };
        if (hostNetwork)
            pod["spec"]!["hostNetwork"] = true;
        pod["status"] = new JsonObject { ["phase"] = phase, ["conditions"] = new JsonArray(), ["hostIP"] = "192.0.2.1" };
        if (ip is not null)
            (pod["status"]!["podIP"], pod["status"]!["podIPs"]) = (ip, new JsonArray(new JsonObject { ["ip"] = ip }));
        return pod;
    }

    /// <summary>A service with an address of the cluster, or None.</summary>
    public static JsonObject Service(string name, string address, string space = "shop")
    {
        var service = Object("v1", "Service", name, null, space, null);
        service["metadata"]!["labels"] = new JsonObject { ["team"] = "blue" };
        service["spec"] = new JsonObject { ["clusterIP"] = address, ["clusterIPs"] = new JsonArray(address), ["type"] = "ClusterIP", ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) };
        service["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        return service;
    }

    /// <summary>An endpoint slice of a service.</summary>
    public static JsonObject Slice(string service, int port, params string[] pods)
    {
        var slice = Object("discovery.k8s.io/v1", "EndpointSlice", $"{service}-x7k2p", null, "shop", null);
        slice["metadata"]!["labels"] = new JsonObject { ["kubernetes.io/service-name"] = service };
        slice["addressType"] = "IPv4";
        slice["endpoints"] = new JsonArray([.. pods.Select(pod => new JsonObject
        {
            ["addresses"] = new JsonArray("10.1.0.1"), ["conditions"] = new JsonObject { ["ready"] = true }, ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = "shop", ["name"] = pod },
        })]);
        slice["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = port, ["protocol"] = "TCP" });
        return slice;
    }

    /// <summary>Adds or changes objects.</summary>
    public void Set(params IEnumerable<JsonObject> objects)
    {
        foreach (var item in objects)
            Change(item, _objects.ContainsKey(KeyOf(item)) ? "MODIFIED" : "ADDED");
    }

    /// <summary>Deletes an object.</summary>
    public void Delete(JsonObject item) => Change(item, "DELETED");

    /// <summary>Tells watchers of a kind how far they have come.</summary>
    public void Bookmark(string kind)
    {
        lock (_lock)
        {
            // As a real one: an empty object with a version.
            Append(kind, new JsonObject { ["kind"] = kind, ["metadata"] = new JsonObject { ["resourceVersion"] = Text(++_version), ["creationTimestamp"] = null }, ["spec"] = new JsonObject { ["containers"] = null }, ["status"] = new JsonObject() }, "BOOKMARK");
        }
    }

    /// <summary>Forgets what happened, as etcd does after five minutes.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _oldest = ++_version;
            _history.Clear();
        }
    }

    /// <summary>Ends all watches in order, behind their last change.</summary>
    public void EndWatches()
    {
        var ended = Interlocked.Exchange(ref _watches, new CancellationTokenSource());
        ended.Cancel();
        ended.Dispose();
    }

    /// <summary>Requests for lists of a kind: <c>pods</c>; without the later pages.</summary>
    public int Lists(string resource) => Requests.Count(request => request.Contains($"/{resource}?limit=", StringComparison.Ordinal) && !request.Contains("continue=", StringComparison.Ordinal));

    /// <summary>Requests for watches of a kind.</summary>
    public IReadOnlyList<string> Watches(string resource) => [.. Requests.Where(request => request.Contains($"/{resource}?watch=", StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        Hangs = false;
        EndWatches();
        await _app.DisposeAsync();
        _watches.Dispose();
    }

    private static JsonObject Object(string version, string kind, string name, string? uid, string space, DateTimeOffset? created) => new()
    {
        ["apiVersion"] = version,
        ["kind"] = kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = space,
            ["uid"] = uid ?? $"{kind}-{space}-{name}",
            ["creationTimestamp"] = (created ?? DateTimeOffset.UtcNow.AddHours(-1)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        },
    };

    private static string KeyOf(JsonObject item) => $"{item["kind"]} {item["metadata"]!["namespace"]}/{item["metadata"]!["name"]}";

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    private void Change(JsonObject item, string type)
    {
        lock (_lock)
        {
            var changed = item.DeepClone().AsObject();
            changed["metadata"]!["resourceVersion"] = Text(++_version);
            if (type == "DELETED")
                _objects.Remove(KeyOf(item));
            else
                _objects[KeyOf(item)] = changed;
            Append((string)item["kind"]!, changed, type);
        }
    }

    private void Append(string kind, JsonObject item, string type)
    {
        _history.Add((_version, kind, new JsonObject { ["type"] = type, ["object"] = item.DeepClone() }.ToJsonString() + "\n"));
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Requests.Enqueue($"{http.Request.Path}{http.Request.QueryString}");
        while (Hangs && !http.RequestAborted.IsCancellationRequested)
            await Task.Delay(5);
        if (Token is { } token && http.Request.Headers.Authorization != $"Bearer {token}")
        {
            await RefuseAsync(http, 401, "Unauthorized");
            return;
        }

        var parts = http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var kind = parts[^1] switch { "pods" => "Pod", "services" => "Service", "endpointslices" => "EndpointSlice", _ => null };
        var space = parts is [.., "namespaces", var name, _] ? name : null;
        var group = string.Join('/', parts.TakeWhile(part => part is not ("namespaces" or "pods" or "services" or "endpointslices")));
        if (kind is null || group != (kind != "EndpointSlice" ? "api/v1" : IsOld ? "apis/discovery.k8s.io/v1beta1" : "apis/discovery.k8s.io/v1"))
            await RefuseAsync(http, 404, "the server could not find the requested resource");
        else if (http.Request.Query["watch"] is ["1"] or ["true"])
            await WatchAsync(http, kind, space);
        else
            await ListAsync(http, kind, space);
    }

    private static async Task RefuseAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        await http.Response.WriteAsync(new JsonObject { ["kind"] = "Status", ["status"] = "Failure", ["message"] = message, ["code"] = status }.ToJsonString());
    }

    private async Task ListAsync(HttpContext http, string kind, string? space)
    {
        if (ListFaults.TryDequeue(out var fault))
        {
            await FailAsync(http, fault, "{\"kind\":\"List\",\"items\":[{\"metadata\":{\"name\":\"half");
            return;
        }

        var next = http.Request.Query["continue"].ToString();
        var limit = int.TryParse(http.Request.Query["limit"], out var number) ? number : int.MaxValue;
        var (version, rest) = next.Length > 0 && _snapshots.TryRemove(next, out var snapshot) ? snapshot : Snapshot(kind, space);
        if (next.Length > 0 && version <= _oldest)
        {
            await RefuseAsync(http, 410, "The provided continue parameter is too old");
            return;
        }

        var page = rest.Take(limit).ToList();
        var metadata = new JsonObject { ["resourceVersion"] = Text(version) };
        if (rest.Count > page.Count)
        {
            var more = Guid.NewGuid() + "=/+";
            _snapshots[more] = (version, rest[page.Count..]);
            (metadata["continue"], metadata["remainingItemCount"]) = (more, rest.Count - page.Count);
        }

        var list = new JsonObject { ["kind"] = $"{kind}List", ["apiVersion"] = kind == "EndpointSlice" ? "discovery.k8s.io/v1" : "v1", ["metadata"] = metadata, ["items"] = new JsonArray([.. page.Select(item => item.DeepClone())]) };
        http.Response.ContentType = "application/json";
        await SendAsync(http, Encoding.UTF8.GetBytes(list.ToJsonString()));
    }

    private (long Version, List<JsonObject> Items) Snapshot(string kind, string? space)
    {
        lock (_lock)
            return (_version, [.. _objects.Values.Where(item => (string)item["kind"]! == kind && (space is null || (string)item["metadata"]!["namespace"]! == space))]);
    }

    private async Task WatchAsync(HttpContext http, string kind, string? space)
    {
        var version = long.Parse(http.Request.Query["resourceVersion"]!, CultureInfo.InvariantCulture);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _watches.Token);
        http.Response.ContentType = "application/json";
        await http.Response.Body.FlushAsync();
        if (version < Interlocked.Read(ref _oldest))
        {
            await FailAsync(http, ApiFault.Gone, "");
            return;
        }

        Begun.Enqueue(kind);
        while (true)
        {
            List<(long Version, string Kind, string Line)> events;
            Task changed;
            lock (_lock)
            {
                events = [.. _history.Where(change => change.Kind == kind && change.Version > version)];
                changed = _changed.Task;
            }

            foreach (var change in events)
            {
                if (WatchFaults.TryDequeue(out var fault))
                {
                    await FailAsync(http, fault, change.Line[..(change.Line.Length / 2)]);
                    return;
                }

                if (space is null || change.Line.Contains($"\"namespace\":\"{space}\"", StringComparison.Ordinal) || change.Line.Contains("BOOKMARK", StringComparison.Ordinal))
                    await SendAsync(http, Encoding.UTF8.GetBytes(change.Line));
                version = change.Version;
            }

            if (end.IsCancellationRequested)
                return;
            await changed.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FailAsync(HttpContext http, ApiFault fault, string half)
    {
        var isWatch = http.Request.Query.ContainsKey("watch");
        switch (fault)
        {
            case ApiFault.Unavailable when !http.Response.HasStarted:
                await RefuseAsync(http, 503, "busy");
                break;
            case ApiFault.Cut or ApiFault.Unavailable:
                await SendAsync(http, Encoding.UTF8.GetBytes(half));
                http.Abort();
                break;
            case ApiFault.End:
                await SendAsync(http, Encoding.UTF8.GetBytes(half));
                break;
            case ApiFault.Garbage:
                await SendAsync(http, "<html>a proxy's page</html>\n"u8.ToArray());
                break;
            case ApiFault.Strange:
                await SendAsync(http, isWatch ? "{\"type\":\"ADDED\",\"object\":{\"metadata\":[1,2]}}\n"u8.ToArray() : "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{\"metadata\":{}}]}"u8.ToArray());
                break;
            case ApiFault.Oversize:
                var block = new byte[1024 * 1024];
                block.AsSpan().Fill((byte)'[');
                for (var i = 0; i < OversizeBlocks && !http.RequestAborted.IsCancellationRequested; i++)
                    await SendAsync(http, block);
                break;
            case ApiFault.Gone when !isWatch:
                await RefuseAsync(http, 410, "too old");
                break;
            case ApiFault.Gone:
                await SendAsync(http, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}}\n"u8.ToArray());
                break;
        }
    }

    private async Task SendAsync(HttpContext http, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty && !http.RequestAborted.IsCancellationRequested)
        {
            var piece = bytes[..Math.Min(Piece, bytes.Length)];
            await http.Response.Body.WriteAsync(piece);
            await http.Response.Body.FlushAsync();
            bytes = bytes[piece.Length..];
        }
    }
}
