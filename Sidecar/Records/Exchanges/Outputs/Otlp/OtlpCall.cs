using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>Sends requests to a collector, each compressed with gzip.</summary>
/// <param name="http">The client, with the collector's address.</param>
/// <param name="signal">What the requests have.</param>
/// <param name="protocol">The protocol.</param>
internal sealed class OtlpCall(HttpClient http, OtlpSignal signal, OtlpProtocol protocol)
{
    /// <summary>The media type of protobuf.</summary>
    public const string Protobuf = "application/x-protobuf";

    private readonly Uri _path = new(protocol == OtlpProtocol.Grpc ? signal.Method : signal.Path, UriKind.Relative);

    /// <summary>Sends one.</summary>
    /// <param name="compressed">The request, compressed.</param>
    /// <param name="cancel">Ends the wait for the answer.</param>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    public async Task<ExportAnswer> SendAsync(ReadOnlyMemory<byte> compressed, CancellationToken cancel)
    {
        using var request = protocol == OtlpProtocol.Grpc ? Grpc(compressed) : ByHttp(compressed);
        using var response = await http.SendAsync(request, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        return protocol == OtlpProtocol.Grpc ? GrpcAnswer.Of(response, body) : ExportAnswer.OfHttp(response, body, protocol == OtlpProtocol.HttpJson ? signal.Rejected : null);
    }

    private HttpRequestMessage ByHttp(ReadOnlyMemory<byte> compressed)
    {
        var content = new ReadOnlyMemoryContent(compressed);
        content.Headers.ContentType = new MediaTypeHeaderValue(protocol == OtlpProtocol.HttpJson ? "application/json" : Protobuf);
        content.Headers.ContentEncoding.Add("gzip");
        return new HttpRequestMessage(HttpMethod.Post, _path) { Content = content };
    }

    // A call of gRPC with one message (gRPC over HTTP/2, "Requests").
    private HttpRequestMessage Grpc(ReadOnlyMemory<byte> compressed)
    {
        var message = new byte[GrpcAnswer.PrefixLength + compressed.Length];
        message[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), compressed.Length);
        compressed.Span.CopyTo(message.AsSpan(GrpcAnswer.PrefixLength));
        var content = new ByteArrayContent(message);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        // Without TLS too, because a server of gRPC speaks nothing else (RFC 9113, 3.3).
        var request = new HttpRequestMessage(HttpMethod.Post, _path) { Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Add("grpc-encoding", "gzip");
        return request;
    }
}
