using System.Net;
using System.Net.Sockets;
using System.Text;
using Chassis.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Chassis;

[SystemTest]
public sealed class ServiceEndpointTests : IDisposable
{
    private const string Half = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ";
    private const string Whole = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private readonly SemaphoreSlim _answered = new(0);

    private int _waiting;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _answered.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(Half)]
    public async Task Requests_WhileOthersHoldAllConnections_AreAnswered(string sent)
    {
        await using var app = Build();
        await app.StartAsync(Cancel);
        var url = new Uri(app.Urls.Single());
        var others = new List<TcpClient>();
        for (var i = 0; i < 2 * ServiceEndpoint.MaxConnections; i++)
            others.Add(await ConnectAsync(url, sent));

        for (var i = 0; i < 10; i++)
            Assert.Equal("ok", await AskAsync(url));

        others.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Connections_KeptAliveByOthers_GiveWayToTheNewest()
    {
        await using var app = Build();
        await app.StartAsync(Cancel);
        var url = new Uri(app.Urls.Single());
        var others = new List<TcpClient>();
        for (var i = 0; i < ServiceEndpoint.MaxConnections; i++)
        {
            others.Add(await ConnectAsync(url, Whole));
            await ReadAsync(others[^1]);
        }

        Assert.Equal("ok", await AskAsync(url));

        // The first was idle the longest; the last still is served.
        Assert.True(await IsEndedAsync(others[0]));
        await others[^1].GetStream().WriteAsync(Encoding.ASCII.GetBytes(Whole), Cancel);
        Assert.StartsWith("HTTP/1.1 200", await ReadAsync(others[^1]), StringComparison.Ordinal);
        others.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Connections_ThatAreServed_KeepTheirPlaces()
    {
        await using var app = Build();
        await app.StartAsync(Cancel);
        var url = new Uri(app.Urls.Single());
        var others = new List<TcpClient>();
        for (var i = 0; i < ServiceEndpoint.MaxConnections; i++)
            others.Add(await ConnectAsync(url, Whole.Replace("/ ", "/waits ", StringComparison.Ordinal)));
        await Eventually.TrueAsync(() => _waiting == ServiceEndpoint.MaxConnections);

        await SocketTalk.IsRefusedAsync(url.Port);

        _answered.Release(ServiceEndpoint.MaxConnections);
        foreach (var client in others)
            Assert.StartsWith("HTTP/1.1 200", await ReadAsync(client), StringComparison.Ordinal);
        others.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Head_ThatNeverEnds_EndsItsConnectionInSeconds()
    {
        await using var app = Build();
        await app.StartAsync(Cancel);
        using var client = await ConnectAsync(new Uri(app.Urls.Single()), Half);

        // Kestrel's own limit is 30 s.
        var answer = await ReadAsync(client).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_IsAnsweredOnceAConnection()
    {
        await using var app = Build();
        await app.StartAsync(Cancel);
        using var client = await ConnectAsync(new Uri(app.Urls.Single()), Whole.Replace("/ ", "/healthz ", StringComparison.Ordinal));

        Assert.Contains("Connection: close", await ReadAsync(client), StringComparison.Ordinal);
        Assert.True(await IsEndedAsync(client));
    }

    private static async Task<TcpClient> ConnectAsync(Uri url, string sent)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, url.Port, Cancel);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(sent), Cancel);
        return client;
    }

    private static async Task<string> AskAsync(Uri url)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(url, Cancel);
    }

    private static async Task<string> ReadAsync(TcpClient client)
    {
        var bytes = new byte[4096];
        return Encoding.ASCII.GetString(bytes, 0, await client.GetStream().ReadAsync(bytes, Cancel));
    }

    private static async Task<bool> IsEndedAsync(TcpClient client)
    {
        try
        {
            return await ReadAsync(client) == "";
        }
        catch (IOException)
        {
            return true;
        }
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var endpoint = new ServiceEndpoint("test", WebPageGuard.Strict);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            ServiceEndpoint.Limit(kestrel);
            endpoint.Listen(kestrel, new IPEndPoint(IPAddress.Loopback, 0));
        });
        var app = builder.Build();
        endpoint.Map(app, routes =>
        {
            routes.MapHealth();
            routes.MapGet("/", () => TypedResults.Text("ok"));
            routes.MapGet("/waits", async () =>
            {
                Interlocked.Increment(ref _waiting);
                await _answered.WaitAsync(Cancel);
                return TypedResults.Text("ok");
            });
        });
        return app;
    }
}
