using System.Text.Json.Nodes;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>
/// Index templates that fit the formats: the time is a date, addresses are <c>ip</c>. Heads are stored but not indexed in formats where
/// clients choose the names of fields, because an index has a limited number of them.
/// </summary>
internal static class IndexTemplate
{
    // Above those that users have for all indices.
    private const int Priority = 200;

    // A keyword can have 32,766 bytes, which can be 8,191 characters.
    private const int LongestKeyword = 8191;

    // The fields of each format by their types.
    private static readonly Dictionary<string, (string Type, string Fields)[]> Formats = new()
    {
        ["perisco"] =
        [
            ("ip", "ip.client ip.server"),
            ("long", "ts.seconds ts.nanos pid ip.ipVersion l4.Protocol.TCP.client_port l4.Protocol.TCP.server_port l7.latency_ns l7.response.Record.Http.code"),
            ("keyword", "l7.request.Record.Http.protocol l7.request.Record.Http.method l7.request.Record.Http.url l7.request.Record.Http.headers.key l7.request.Record.Http.headers.value"),
            ("keyword", "l7.response.Record.Http.protocol l7.response.Record.Http.headers.key l7.response.Record.Http.headers.value"),
            .. Ext,
        ],
        ["perisco-v2"] =
        [
            ("date_nanos", "ts"),
            ("ip", "ip.client ip.server"),
            ("long", "pid l4.TCP.clientPort l4.TCP.serverPort l7.latencyNs l7.response.http.code"),
            ("keyword", "ip.ipVersion l7.request.http.protocol l7.request.http.method l7.request.http.url l7.request.http.headers.key l7.request.http.headers.value"),
            ("keyword", "l7.response.http.protocol l7.response.http.headers.key l7.response.http.headers.value"),
            .. Ext,
        ],
        ["otel"] =
        [
            ("date_nanos", "timestamp"),
            ("ip", "attributes.client.address attributes.server.address"),
            ("long", "duration_ns latency_ns attributes.client.port attributes.server.port attributes.process.pid attributes.client.process.pid attributes.http.request.size attributes.http.response.size attributes.http.response.status_code"),
            ("keyword", "trace_id parent_span_id attributes.network.transport attributes.network.type attributes.network.protocol.name attributes.network.protocol.version attributes.error.type"),
            ("keyword", "attributes.url.scheme attributes.url.path attributes.url.query attributes.http.request.method attributes.http.request.method_original attributes.user_agent.original"),
            ("keyword", "attributes.process.executable.name attributes.container.id attributes.client.process.executable.name attributes.client.container.id"),
            ("keyword", "attributes.rpc.system.name attributes.rpc.method attributes.rpc.response.status_code attributes.sidecar.grpc.message"),
            ("keyword", "attributes.sidecar.connection.id attributes.sidecar.role attributes.sidecar.transform attributes.sidecar.outcome"),
            ("boolean", "attributes.sidecar.truncated"),
            ("object", "attributes.http.request.header attributes.http.response.header"),
        ],
        ["ecs"] =
        [
            ("date_nanos", "@timestamp"),
            ("ip", "client.ip server.ip"),
            ("long", "client.port server.port process.pid event.duration http.request.bytes http.response.bytes http.response.status_code"),
            ("keyword", "network.transport network.protocol network.type ecs.version event.kind event.category event.type event.dataset event.outcome tags"),
            ("keyword", "labels.connection_id labels.role labels.transform labels.outcome labels.grpc_status labels.client_pid labels.client_command labels.client_container url.original url.path url.query user_agent.original trace.id parent.id"),
            ("keyword", "process.name container.id http.version http.request.method http.request.id http.request.referrer http.request.mime_type http.response.mime_type"),
            ("object", "http.request.headers http.response.headers"),
        ],
        ["envoy"] =
        [
            ("date", "start_time"),
            ("long", "response_code bytes_received bytes_sent duration upstream_service_time"),
            ("keyword", "downstream_remote_address upstream_host protocol response_flags grpc_status connection_id role method path authority user_agent request_id x_forwarded_for"),
            ("boolean", "truncated"),
        ],
    };

    // Kubernetes' names in each format, if records have them.
    private static readonly Dictionary<string, (string Type, string Fields)[]> Names = new()
    {
        ["perisco"] = PeriscoNames,
        ["perisco-v2"] = PeriscoNames,
        ["otel"] =
        [
            ("keyword", "resource.k8s.pod.name resource.k8s.namespace.name resource.k8s.node.name resource.k8s.serviceaccount.name"),
            ("keyword", "attributes.client.k8s.pod.name attributes.client.k8s.namespace.name attributes.client.k8s.node.name attributes.client.k8s.serviceaccount.name attributes.client.k8s.service.name"),
            ("keyword", "attributes.server.k8s.pod.name attributes.server.k8s.namespace.name attributes.server.k8s.node.name attributes.server.k8s.serviceaccount.name attributes.server.k8s.service.name"),
            ("object", "resource.k8s.pod.label attributes.client.k8s.pod.label attributes.server.k8s.pod.label"),
        ],
        ["ecs"] =
        [
            ("keyword", "orchestrator.type kubernetes.pod.name kubernetes.namespace kubernetes.node.name kubernetes.serviceaccount.name"),
            ("keyword", "client.kubernetes.pod.name client.kubernetes.namespace client.kubernetes.node.name client.kubernetes.serviceaccount.name client.kubernetes.service.name"),
            ("keyword", "server.kubernetes.pod.name server.kubernetes.namespace server.kubernetes.node.name server.kubernetes.serviceaccount.name server.kubernetes.service.name"),
            ("object", "kubernetes.labels client.kubernetes.labels server.kubernetes.labels"),
        ],
        ["envoy"] = [("keyword", "upstream_cluster")],
    };

    private static (string Type, string Fields)[] PeriscoNames =>
    [
        ("keyword", "client.name client.namespace client.nodeName client.labels server.name server.namespace server.nodeName server.labels"),
        ("keyword", "clientService.name clientService.namespace clientService.labels serverService.name serverService.namespace serverService.labels"),
    ];

    private static (string Type, string Fields)[] Ext =>
    [
        ("keyword", "ext.conn_id ext.role ext.transform ext.outcome ext.grpc_message ext.server_command ext.server_container ext.client_command ext.client_container"),
        ("long", "ext.duration_ns ext.request_bytes ext.response_bytes ext.grpc_status ext.grpc_request_messages ext.grpc_response_messages ext.client_pid"),
        ("boolean", "ext.truncated"),
    ];

    /// <summary>The template's name: entries with the same format and indices share it, on all hosts; others have their own.</summary>
    public static string NameOf(string format, string indices) => $"sidecar-{format}-{indices.Replace('*', '_')}";

    /// <summary>The template as JSON.</summary>
    /// <param name="format">The name of the format.</param>
    /// <param name="indices">The names of the indices, with asterisks.</param>
    /// <param name="hasNames">Whether records have Kubernetes' names.</param>
    /// <param name="isStream">Whether they are data streams.</param>
    public static string Of(string format, string indices, bool hasNames, bool isStream)
    {
        var properties = new JsonObject();
        var around = hasNames && format.StartsWith("perisco", StringComparison.Ordinal) ? "protoMessage." : "";
        foreach (var (type, fields) in Formats[format])
        {
            foreach (var field in fields.Split(' '))
                Place(properties, $"{around}{field}".Split('.'), Mapping(type));
        }

        foreach (var (type, fields) in hasNames ? Names[format] : [])
        {
            foreach (var field in fields.Split(' '))
                Place(properties, field.Split('.'), Mapping(type));
        }

        if (isStream)
            Place(properties, [StreamDocument.Time], Mapping("date_nanos"));
        var template = new JsonObject
        {
            ["index_patterns"] = new JsonArray(indices),
            ["priority"] = Priority,
            ["template"] = new JsonObject
            {
                // A field that the template does not know is stored, and not indexed.
                ["mappings"] = new JsonObject { ["dynamic"] = false, ["properties"] = properties },
            },
        };
        if (isStream)
            template["data_stream"] = new JsonObject();
        return template.ToJsonString();
    }

    private static JsonObject Mapping(string type) => type switch
    {
        "object" => new JsonObject { ["type"] = type, ["enabled"] = false },
        "keyword" => new JsonObject { ["type"] = type, ["ignore_above"] = LongestKeyword },
        _ => new JsonObject { ["type"] = type },
    };

    private static void Place(JsonObject properties, ReadOnlySpan<string> path, JsonObject mapping)
    {
        if (path.Length == 1)
        {
            properties[path[0]] = mapping;
            return;
        }

        if (properties[path[0]] is not JsonObject parent)
            properties[path[0]] = parent = new JsonObject { ["properties"] = new JsonObject() };
        Place((JsonObject)parent["properties"]!, path[1..], mapping);
    }
}
