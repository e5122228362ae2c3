using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Sidecar.Hosting.Probes;

/// <summary>The question of the gRPC health protocol (grpc.health.v1.Health/Check). Its two messages have one field each.</summary>
internal static class GrpcHealth
{
    private const int PrefixLength = 5;

    // The answer has two bytes; a longer one has fields of a later version.
    private const int MaxAnswer = 1024;

    private const int Serving = 1;

    /// <summary>Asks a server over HTTP/2 without TLS.</summary>
    /// <param name="client">The client.</param>
    /// <param name="server">The server's address.</param>
    /// <param name="service">The service; empty for the server as a whole.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Why it is not well; null if it is.</returns>
    public static async Task<string?> AskAsync(HttpMessageInvoker client, Uri server, string service, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/grpc.health.v1.Health/Check"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Question(service)) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var answer = await client.SendAsync(request, cancellation);
        if (answer.StatusCode != HttpStatusCode.OK)
            return $"gRPC {server.Authority}: HTTP status {(int)answer.StatusCode}";
        var message = await ReadAsync(answer, cancellation);
        // An answer without a message has its status in the head.
        var status = Header(answer.TrailingHeaders, "grpc-status") ?? Header(answer.Headers, "grpc-status");
        if (status != "0")
            return $"gRPC {server.Authority}: status {status ?? "missing"}";
        return StatusOf(message) switch
        {
            Serving => null,
            null => $"gRPC {server.Authority}: the answer is no HealthCheckResponse",
            _ => $"gRPC {server.Authority}: service '{service}' is not SERVING",
        };
    }

    private static byte[] Question(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        // A service is a DNS-like name; the length of one of up to 127 bytes is one byte.
        byte[] field = name.Length == 0 ? [] : [0x0A, .. Varint(name.Length), .. name];
        var message = new byte[PrefixLength + field.Length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), field.Length);
        field.CopyTo(message, PrefixLength);
        return message;
    }

    private static byte[] Varint(int value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];

    private static async Task<byte[]> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        var bytes = new byte[MaxAnswer];
        var count = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return bytes[..count];
    }

    /// <summary>The field <c>status</c> of a HealthCheckResponse with its prefix; null if it is none. A missing field is 0, UNKNOWN.</summary>
    internal static long? StatusOf(ReadOnlySpan<byte> message)
    {
        if (message.Length < PrefixLength || message[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(message[1..]) != message.Length - PrefixLength)
            return null;
        message = message[PrefixLength..];
        var status = 0L;
        while (!message.IsEmpty)
        {
            if (!TryVarint(ref message, out var tag))
                return null;
            switch (tag & 7)
            {
                case 0 when TryVarint(ref message, out var value):
                    status = tag >> 3 == 1 ? value : status;
                    break;
                case 1 when message.Length >= 8:
                    message = message[8..];
                    break;
                case 2 when TryVarint(ref message, out var length) && length >= 0 && length <= message.Length:
                    message = message[(int)length..];
                    break;
                case 5 when message.Length >= 4:
                    message = message[4..];
                    break;
                default:
                    return null;
            }
        }

        return status;
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out long value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < bytes.Length; i++)
        {
            value |= (long)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] >= 0x80)
                continue;
            bytes = bytes[(i + 1)..];
            return true;
        }

        return false;
    }

    private static string? Header(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
