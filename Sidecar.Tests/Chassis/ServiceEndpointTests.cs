using System.Net;
using System.Net.Sockets;
using Chassis.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class ServiceEndpointTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listen_MoreIdleConnectionsThanItsLimit_ResetsThemAndServesAgainOnceTheyLeave()
    {
        await using var app = Build();
        await app.StartAsync(Cancel);
        var url = new Uri(app.Urls.Single());
        var clients = Enumerable.Range(0, ServiceEndpoint.MaxConnections + 1).Select(_ => new TcpClient()).ToList();

        // Connections are taken up side by side, so any one of them can be the one too many.
        var first = await Task.WhenAny(clients.Select(client => IsRefusedAsync(client, url.Port))).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.True(await first);
        clients.ForEach(client => client.Dispose());
        using var http = new HttpClient();
        await Support.Eventually.TrueAsync(() => Answers(http, url));
    }

    // An idle connection that is accepted stays so; the reset of one that is not can come before its connect has returned.
    private static async Task<bool> IsRefusedAsync(TcpClient client, int port)
    {
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, Cancel);
            return await client.GetStream().ReadAsync(new byte[1], Cancel) == 0;
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    private static bool Answers(HttpClient http, Uri url)
    {
        try
        {
            using var response = http.Send(new HttpRequestMessage(HttpMethod.Get, url), Cancel);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var endpoint = new ServiceEndpoint("test");
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => endpoint.Listen(kestrel, new IPEndPoint(IPAddress.Loopback, 0)));
        var app = builder.Build();
        endpoint.Map(app, routes => routes.MapGet("/", () => TypedResults.Text("ok")));
        return app;
    }
}
