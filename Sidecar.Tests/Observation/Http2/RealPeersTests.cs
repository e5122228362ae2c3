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
using Testing;
using Xunit;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>What real programs say to each other, against what each of them knows of it.</summary>
[SystemTest]
public sealed class RealPeersTests
{
    private const int Exchanges = 3000;

    private const string NodeServer = """
        const server = require('http2').createServer({ settings: { headerTableSize: 600 } });
        server.on('stream', (stream, head) => {
          stream.respond({ ':status': 210 + head[':path'].length, 'x-echo': head['x-text'].toUpperCase(), 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': `${head[':path'].length}` }));
          stream.end('x'.repeat(head[':path'].length * 50));
        });
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));
        """;

    private const string NodeClient = """
        const [, port, count] = process.argv;
        const client = require('http2').connect(`http://127.0.0.1:${port}`, { settings: { headerTableSize: 9000 } });
        let next = 0, ended = 0;
        const letters = ' !"#$%&()*+,-./0123456789:;<=?@[^_`abcdefghijklmnopqrstuvwxyz{}~';
        const ask = () => {
          if (next == count) return;
          const number = next++;
          const text = 't' + Array.from({ length: number % 97 }, (_, i) => letters[(number * 31 + i * i) % letters.length]).join('').replace(/]/g, '') + 't';
          const path = `/${number}/${'p'.repeat(number % 40)}`;
          const stream = client.request({ ':path': path, 'x-text': text, authorization: `secret ${number}` });
          let status, echo, sum;
          stream.on('response', head => { status = head[':status']; echo = head['x-echo']; });
          stream.on('trailers', head => { sum = head['x-sum']; });
          stream.on('close', () => { console.log(`${path} ${text} ${status} ${echo} ${sum} Completed`); if (++ended == count) client.close(); else ask(); });
          stream.resume();
        };
        for (let i = 0; i < 50; i++) ask();
        """;

    [Fact]
    public async Task KestrelAndHttpClient_ManyStreamsAtOnce_AreSeenAsTheyLogThem()
    {
        var (served, said) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        await using var server = await StartAsync(served);
        await using var relay = new ObservingRelay(PortOf(server));
        using (var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{relay.Port}") })
        {
            await Parallel.ForAsync(0, Exchanges, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (number, _) => said.Add(await AskAsync(client, number)));
        }

        await relay.EndAsync();
        Assert.Empty(relay.Failures);
        Assert.Equal(said.Order(StringComparer.Ordinal), served.Order(StringComparer.Ordinal));
        Assert.Equal(said.Order(StringComparer.Ordinal), relay.Lines.Select(Short).Order(StringComparer.Ordinal));
    }

    // nghttp2's encoders on both ends: Huffman, dynamic tables of other sizes, fields never to be kept, trailers.
    [Fact]
    public async Task Node_ManyStreamsAtOnce_AreSeenAsItLogsThem()
    {
        if (!File.Exists("/usr/bin/node"))
            Assert.Skip("node is missing (Debian package nodejs)");
        await using var server = StartNode(NodeServer);
        var port = "";
        await Eventually.TrueAsync(() => server.Output is [var line, ..] && (port = line).Length > 0, () => $"node's port: {string.Join('\n', server.Errors)}");
        await using var relay = new ObservingRelay(int.Parse(port));
        await using var client = StartNode(NodeClient, $"{relay.Port}", $"{Exchanges}");
        Assert.True(await client.ExitCodeAsync() == 0, string.Join('\n', client.Errors));
        await relay.EndAsync();
        Assert.Empty(relay.Failures);
        Assert.Equal(Exchanges, relay.Lines.Count);
        var seen = relay.Lines.Select(line =>
            $"{line.Split(' ')[1]} {FieldIn(line, "x-text")} {line.Split(" > ")[1][..3]} {FieldIn(line, "x-echo")} {FieldIn(line, "x-sum")} {line.Split(' ')[^1]}");
        Assert.Equal(client.Output.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private static string FieldIn(string line, string name)
    {
        var start = line.IndexOf($"{name}: ", StringComparison.Ordinal) + name.Length + 2;
        return line[start..line.IndexOfAny(['|', ']'], start)].Trim();
    }

    private static ProgramProcess StartNode(params IEnumerable<string> script) => ProgramProcess.StartCommand(["node", "-e", .. script]);

    private static async Task<string> AskAsync(HttpClient client, int number)
    {
        var (kind, messages) = (number % 5, number % 4);
        using var request = kind switch
        {
            0 => new HttpRequestMessage(HttpMethod.Post, $"/echo/{number}") { Content = new ByteArrayContent(new byte[number * 7]) },
            1 => new HttpRequestMessage(HttpMethod.Post, $"/test.Calls/Call{number}?messages={messages}&length={number}") { Content = new ByteArrayContent(Messages(messages, number)) },
            2 => new HttpRequestMessage(HttpMethod.Get, $"/missing/{number}"),
            3 => new HttpRequestMessage(HttpMethod.Head, $"/plain/{number}"),
            _ => new HttpRequestMessage(HttpMethod.Get, $"/plain/{number}"),
        };
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        request.Headers.Add("x-number", $"number {number}");
        if (kind == 1)
            request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        var call = kind == 1 ? $" grpc {response.TrailingHeaders.GetValues("grpc-status").Single()} {messages}/{messages + 1}" : "";
        return $"{request.Method} {request.RequestUri!.PathAndQuery} {(int)response.StatusCode}{call} Completed";
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
                Assert.Equal(Messages(messages, int.Parse(request.Query["length"].ToString())), body.ToArray());
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
