using Chassis.Endpoints;
using Microsoft.AspNetCore.WebUtilities;
using VideoApi.Forwarding;
using VideoApi.Hosting;

namespace VideoApi.Backend;

/// <summary>The backend: the videos as JSON, and their files streamed from the storage.</summary>
internal static class BackendApp
{
    /// <summary>Makes the service; its port is claimed, and it listens after its start.</summary>
    public static WebApplication Create(BackendOptions options)
    {
        var builder = VideoHost.CreateBuilder(options.Listener, "backend");
        var storage = new UpstreamClient("storage", options.Storage, TimeProvider.System);
        builder.Services.AddSingleton(_ => storage).AddHlsForwarding(storage, storage);
        builder.Services.AddSingleton<VideoCatalog>();

        var app = builder.Build();
        app.UseServiceEndpoints();
        app.UseOpenCors();
        // Answers without a body (no such route, wrong method) give the reason, as all others do.
        app.UseStatusCodePages(pages =>
        {
            var status = pages.HttpContext.Response.StatusCode;
            return ApiError.Answer(ReasonPhrases.GetReasonPhrase(status), status).ExecuteAsync(pages.HttpContext);
        });
        app.UseRouting();
        app.MapHealth();
        app.MapVideos();
        app.MapHls();
        return app;
    }
}
