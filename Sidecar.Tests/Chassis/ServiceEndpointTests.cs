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
        var idle = new List<TcpClient>();
        for (var i = 0; i < ServiceEndpoint.MaxConnections; i++)
        {
            var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, url.Port, Cancel);
            idle.Add(client);
        }

        // The queue of the listener is served in order, so this one is the first beyond the limit.
        using (var beyond = new TcpClient())
        {
            await beyond.ConnectAsync(IPAddress.Loopback, url.Port, Cancel);
            await Assert.ThrowsAnyAsync<IOException>(async () => Assert.NotEqual(0, await beyond.GetStream().ReadAsync(new byte[1], Cancel)));
        }

        idle.ForEach(client => client.Dispose());
        using var http = new HttpClient();
        await Support.Eventually.TrueAsync(() => Answers(http, url));
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
