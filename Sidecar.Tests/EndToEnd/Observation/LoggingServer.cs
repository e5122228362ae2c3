using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>Kestrel, which notes method, URI and status of each request.</summary>
internal sealed class LoggingServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _log = new();
    private int _waiting;

    private LoggingServer(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    public IReadOnlyCollection<string> Log => _log;

    /// <summary>How many requests wait for their client to leave, or did so.</summary>
    public int Waiting => _waiting;

    /// <summary>Released for each answer that has begun and is to be aborted.</summary>
    public SemaphoreSlim Abort { get; } = new(0);

    public static async Task<LoggingServer> StartAsync(HttpProtocols protocol)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocol));
        var server = new LoggingServer(builder.Build());
        server._app.Use(server.LogAsync);
        server._app.MapMethods("/plain/{number:int}", ["GET", "HEAD"], (int number) => $"number {number}");
        server._app.MapPost("/echo/{number:int}", EchoAsync);
        server._app.MapDelete("/nothing/{number:int}", () => TypedResults.NoContent());
        server._app.MapGet("/pieces/{number:int}", PiecesAsync);
        server._app.MapGet("/wait", server.WaitAsync);
        server._app.MapPost("/abort", server.AbortAsync);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Abort.Dispose();
    }

    private async Task LogAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        _log.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Response.StatusCode}");
    }

    // Begins to answer if it is asked to, and goes on only when the client has left.
    private async Task WaitAsync(HttpContext context, bool begin)
    {
        if (begin)
            await context.Response.Body.FlushAsync(context.RequestAborted);
        var gone = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        Interlocked.Increment(ref _waiting);
        await gone.Task;
    }

    // Answers while it is being asked.
    private static async Task EchoAsync(HttpContext context) => await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);

    private static async Task PiecesAsync(HttpContext context, int number)
    {
        for (var i = 0; i < number % 5; i++)
        {
            await context.Response.Body.WriteAsync(new byte[number], context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private async Task AbortAsync(HttpContext context, bool begin)
    {
        if (begin)
        {
            await context.Response.Body.WriteAsync(new byte[10], context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Abort.WaitAsync(context.RequestAborted);
        }

        context.Abort();
    }
}
