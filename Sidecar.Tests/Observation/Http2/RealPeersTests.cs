using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>What real programs say to each other, against what each of them knows of it.</summary>
public sealed class RealPeersTests
{
    private const int Exchanges = 3000;

    [Fact]
    public async Task KestrelAndHttpClient_ManyStreamsAtOnce_AreSeenAsTheyLogThem()
    {
        var (served, said) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        await using var server = await StartAsync(served);
        await using var relay = new ObservingRelay(PortOf(server));
        using (var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{relay.Port}"), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact })
        {
            await Parallel.ForAsync(0, Exchanges, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (number, _) => said.Add(await AskAsync(client, number)));
        }

        await relay.EndAsync();
        Assert.Empty(relay.Failures);
        Assert.Equal(said.Order(StringComparer.Ordinal), served.Order(StringComparer.Ordinal));
        Assert.Equal(said.Order(StringComparer.Ordinal), relay.Lines.Select(Short).Order(StringComparer.Ordinal));
    }

    // nghttp2's encoders on both ends: Huffman, dynamic tables, fields never to be kept.
    [Fact]
    public async Task Curl_OneConnection_IsSeenAsItIsServed()
    {
        var served = new ConcurrentBag<string>();
        await using var server = await StartAsync(served);
        await using var relay = new ObservingRelay(PortOf(server));
        await using var curl = ProgramProcess.StartCommand(
            "curl", "-sS", "--http2-prior-knowledge", "-H", "user-agent: Mozilla/5.0 (X11; Linux) {~^|}", "-H", "authorization: Basic c2VjcmV0",
            "-o", "/dev/null", "-w", "%{http_code}\\n", $"http://127.0.0.1:{relay.Port}/plain/[1-300]?q=caf%C3%A9");
        Assert.Equal(0, await curl.ExitCodeAsync());
        await relay.EndAsync();
        Assert.Empty(relay.Failures);
        Assert.Equal(300, curl.Output.Count(line => line == "200"));
        Assert.Equal(served.Order(StringComparer.Ordinal), relay.Lines.Select(Short).Order(StringComparer.Ordinal));
        Assert.All(relay.Lines, line => Assert.Contains("user-agent: Mozilla/5.0 (X11; Linux) {~^|}", line, StringComparison.Ordinal));
        Assert.All(relay.Lines, line => Assert.Contains("authorization: Basic c2VjcmV0", line, StringComparison.Ordinal));
    }

    private static async Task<string> AskAsync(HttpClient client, int number)
    {
        var (kind, messages) = (number % 5, number % 4);
        using var request = kind switch
        {
            0 => new HttpRequestMessage(HttpMethod.Post, $"/echo/{number}") { Content = new ByteArrayContent(new byte[number * 7]) },
            1 => new HttpRequestMessage(HttpMethod.Post, $"/test.Calls/Call{number}?messages={messages}") { Content = new ByteArrayContent(Messages(messages, number)) },
            2 => new HttpRequestMessage(HttpMethod.Get, $"/missing/{number}"),
            3 => new HttpRequestMessage(HttpMethod.Head, $"/plain/{number}"),
            _ => new HttpRequestMessage(HttpMethod.Get, $"/plain/{number}"),
        };
        request.Headers.Add("x-number", $"number {number}");
        if (kind == 1)
            request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        var call = kind == 1 ? $" grpc {response.TrailingHeaders.GetValues("grpc-status").Single()} {messages}/{messages + 1}" : "";
        return $"{request.Method} {request.RequestUri} {(int)response.StatusCode}{call} Completed";
    }

    private static async Task<WebApplication> StartAsync(ConcurrentBag<string> served)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(context => ServeAsync(context, served));
        await app.StartAsync();
        return app;
    }

    private static async Task ServeAsync(HttpContext context, ConcurrentBag<string> served)
    {
        var (request, response) = (context.Request, context.Response);
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var call = "";
        switch (request.Path.Value!.Split('/')[1])
        {
            case "missing":
                response.StatusCode = 404;
                break;
            case "echo":
                await response.Body.WriteAsync(body.ToArray());
                break;
            case "test.Calls":
                var messages = int.Parse(request.Query["messages"].ToString());
                Assert.Equal(Messages(messages, (int)(body.Length / Math.Max(messages, 1)) - 5), body.ToArray());
                response.ContentType = "application/grpc";
                await response.Body.WriteAsync(Messages(messages + 1, 3000));
                response.AppendTrailer("grpc-status", $"{messages}");
                call = $" grpc {messages} {messages}/{messages + 1}";
                break;
            default:
                await response.WriteAsync($"hello {request.Path}");
                break;
        }

        served.Add($"{request.Method} {request.Path}{request.QueryString} {response.StatusCode}{call} Completed");
    }

    private static byte[] Messages(int count, int length)
    {
        var message = new byte[5 + length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), length);
        return [.. Enumerable.Repeat(message, count).SelectMany(bytes => bytes)];
    }

    private static int PortOf(WebApplication app) =>
        new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <summary>Method, target, status, call and outcome of what was seen.</summary>
    private static string Short(string line)
    {
        var words = line.Split(' ');
        var (status, call) = (line.Split(" > ")[1].Split(' ')[0], line.IndexOf(" grpc ", StringComparison.Ordinal));
        return $"{words[0]} {words[1]} {status}{(call < 0 ? $" {words[^1]}" : line[call..])}";
    }
}
