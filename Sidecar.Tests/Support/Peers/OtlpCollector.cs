using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Sidecar.Options;

namespace Sidecar.Tests.Support.Peers;

/// <summary>A collector's answer to a request that it does not simply take.</summary>
/// <param name="Http">The status by HTTP.</param>
/// <param name="Grpc">The status by gRPC.</param>
internal sealed record CollectorFault(int Http, StatusCode Grpc)
{
    /// <summary>It asks to come again after this time; null if it does not say.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Its words.</summary>
    public string Message { get; init; } = "for a test";

    /// <summary>The connection ends in place of the answer.</summary>
    public static CollectorFault Cut { get; } = new(0, StatusCode.Unknown);

    /// <summary>Records that it does not take; then it takes the others.</summary>
    public int Rejected { get; private init; }

    /// <summary>Reads one: <c>503</c>, <c>Unavailable</c>, one of these with seconds to wait behind it, or <c>rejected 2</c>.</summary>
    public static CollectorFault Parse(string text) => text.Split(' ') switch
    {
        ["rejected", var count] => new(200, StatusCode.OK) { Rejected = int.Parse(count) },
        [var status, .. var wait] => new(int.TryParse(status, out var http) ? http : 0, System.Enum.TryParse<StatusCode>(status, out var grpc) && http == 0 ? grpc : StatusCode.Unknown)
        {
            Wait = wait is [var seconds] ? TimeSpan.FromSeconds(int.Parse(seconds)) : null,
        },
        _ => throw new FormatException(text),
    };
}

/// <summary>What a collector got.</summary>
/// <param name="Signal">traces, logs or metrics.</param>
/// <param name="IsJson">Whether it is JSON; otherwise protobuf.</param>
/// <param name="Body">The message, without compression.</param>
internal sealed record CollectorRequest(string Signal, bool IsJson, byte[] Body);

/// <summary>A collector of OpenTelemetry on the sockets of Kestrel, by gRPC on the server of Grpc.AspNetCore: it keeps what it gets, and answers as it is told.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private const string Protobuf = "application/x-protobuf";

    private readonly WebApplication _app;

    private OtlpCollector(WebApplication app) => _app = app;

    /// <summary>Its answers to the next requests, in order; then it takes all.</summary>
    public ConcurrentQueue<CollectorFault> Faults { get; } = new();

    /// <summary>What it got, also what it did not take.</summary>
    public ConcurrentQueue<CollectorRequest> Requests { get; } = new();

    /// <summary>What it took.</summary>
    public ConcurrentQueue<CollectorRequest> Taken { get; } = new();

    /// <summary>What was wrong with requests.</summary>
    public ConcurrentQueue<string> Mistakes { get; } = new();

    /// <summary>The values of the field Authorization.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>While set, no request is answered.</summary>
    public volatile bool Hangs;

    /// <summary>Its address.</summary>
    public Uri Url => new(_app.Urls.Single());

    /// <summary>Starts it.</summary>
    /// <param name="protocol">The protocol that it speaks.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="certificate">For TLS; null for none.</param>
    public static async Task<OtlpCollector> StartAsync(OtlpProtocol protocol, int port = 0, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = protocol == OtlpProtocol.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        builder.Services.AddGrpc();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<OtlpCollector>, Methods>());
        OtlpCollector? collector = null;
        builder.Services.AddSingleton(_ => collector!);
        var app = builder.Build();
        collector = new OtlpCollector(app);
        if (protocol == OtlpProtocol.Grpc)
        {
            app.MapGrpcService<OtlpCollector>();
        }
        else
        {
            foreach (var signal in new[] { "traces", "logs", "metrics" })
                app.MapPost($"/v1/{signal}", http => collector.TakeAsync(http, signal, protocol == OtlpProtocol.HttpJson));
        }

        app.MapFallback((HttpContext http) =>
        {
            collector.Mistakes.Enqueue($"{http.Request.Protocol} {http.Request.Method} {http.Request.Path}");
            http.Response.StatusCode = 404;
        });
        await app.StartAsync();
        return collector;
    }

    /// <summary>The numbers that all taken requests have behind a mark, in order.</summary>
    public IReadOnlyList<int> Numbers(string mark) => [.. Taken.SelectMany(request => NumbersIn(request.Body, mark))];

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static IEnumerable<int> NumbersIn(byte[] body, string mark)
    {
        var text = Encoding.Latin1.GetString(body);
        for (var at = text.IndexOf(mark, StringComparison.Ordinal); at >= 0; at = text.IndexOf(mark, at + 1, StringComparison.Ordinal))
        {
            var digits = text.AsSpan(at + mark.Length);
            yield return int.Parse(digits[..digits.IndexOfAnyExceptInRange('0', '9')]);
        }
    }

    private async Task TakeAsync(HttpContext http, string signal, bool isJson)
    {
        Authorizations.Enqueue(http.Request.Headers.Authorization.ToString());
        if (http.Request.ContentType != (isJson ? "application/json" : Protobuf))
            Mistakes.Enqueue($"content-type {http.Request.ContentType}");
        if (http.Request.Headers.ContentEncoding is not ["gzip"] and not [])
            Mistakes.Enqueue($"content-encoding {http.Request.Headers.ContentEncoding}");
        using var body = new MemoryStream();
        if (http.Request.Headers.ContentEncoding.Count > 0)
        {
            await using var gzip = new GZipStream(http.Request.Body, CompressionMode.Decompress);
            await gzip.CopyToAsync(body);
        }
        else
        {
            await http.Request.Body.CopyToAsync(body);
        }

        await HangAsync(http.RequestAborted);
        var fault = Note(new CollectorRequest(signal, isJson, body.ToArray()));
        if (fault == CollectorFault.Cut)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = fault?.Http ?? 200;
        if (fault?.Wait is { } wait)
            http.Response.Headers.RetryAfter = $"{(int)wait.TotalSeconds}";
        http.Response.ContentType = isJson ? "application/json" : Protobuf;
        if (http.Response.StatusCode != 200)
            await http.Response.BodyWriter.WriteAsync(isJson ? Encoding.UTF8.GetBytes($$"""{"message":"{{fault!.Message}}"}""") : StatusOf(fault!).ToByteArray());
        else if (isJson)
            await http.Response.WriteAsync(fault is null ? "{}" : $$"""{"partialSuccess":{"rejected{{(signal == "logs" ? "LogRecords" : "Spans")}}":"{{fault.Rejected}}","errorMessage":"{{fault.Message}}"} }""");
        else
            await http.Response.BodyWriter.WriteAsync(AnswerOf(fault));
    }

    private async Task<byte[]> CallAsync(string signal, byte[] message, ServerCallContext call)
    {
        Authorizations.Enqueue(call.RequestHeaders.GetValue("authorization") ?? "");
        if (call.RequestHeaders.GetValue("te") is not (null or "trailers"))
            Mistakes.Enqueue($"te {call.RequestHeaders.GetValue("te")}");
        await HangAsync(call.CancellationToken);
        var fault = Note(new CollectorRequest(signal, IsJson: false, message));
        if (fault == CollectorFault.Cut)
        {
            call.GetHttpContext().Abort();
            return [];
        }

        if (fault is null or { Grpc: StatusCode.OK })
            return AnswerOf(fault);
        throw new RpcException(
            new Grpc.Core.Status(fault.Grpc, fault.Message),
            fault.Wait is null ? [] : new Metadata { { "grpc-status-details-bin", StatusOf(fault).ToByteArray() } });
    }

    private async Task HangAsync(CancellationToken aborted)
    {
        while (Hangs && !aborted.IsCancellationRequested)
            await Task.Delay(10, CancellationToken.None);
    }

    private CollectorFault? Note(CollectorRequest request)
    {
        Requests.Enqueue(request);
        var fault = Faults.TryDequeue(out var next) ? next : null;
        // A connection that is cut may have been taken before.
        if (fault is null or { Http: 200 } || fault == CollectorFault.Cut)
            Taken.Enqueue(request);
        return fault;
    }

    private static Google.Rpc.Status StatusOf(CollectorFault fault)
    {
        var status = new Google.Rpc.Status { Code = (int)fault.Grpc, Message = fault.Message };
        // Another detail before the one that is asked for.
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = "TEST" }));
        if (fault.Wait is { } wait)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) }));
        return status;
    }

    // Export...ServiceResponse with partial_success 1: rejected 1, error_message 2 (collector/*/v1/*_service.proto), by the encoder of protobuf's authors.
    private static byte[] AnswerOf(CollectorFault? fault)
    {
        if (fault is null)
            return [];
        using var partial = new MemoryStream();
        using (var output = new CodedOutputStream(partial, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt64(fault.Rejected);
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteString(fault.Message);
        }

        using var answer = new MemoryStream();
        using (var output = new CodedOutputStream(answer, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(partial.ToArray()));
        }

        return answer.ToArray();
    }

    // Messages as bytes: the official definitions judge them elsewhere.
    private sealed class Methods : IServiceMethodProvider<OtlpCollector>
    {
        private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OtlpCollector> context)
        {
            foreach (var (signal, service) in new[] { ("traces", "trace.v1.TraceService"), ("logs", "logs.v1.LogsService"), ("metrics", "metrics.v1.MetricsService") })
            {
                context.AddUnaryMethod(
                    new Method<byte[], byte[]>(MethodType.Unary, $"opentelemetry.proto.collector.{service}", "Export", Bytes, Bytes),
                    [],
                    (collector, message, call) => collector.CallAsync(signal, message, call));
            }
        }
    }
}
