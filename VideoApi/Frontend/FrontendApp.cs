using Chassis.Endpoints;
using Microsoft.AspNetCore.WebUtilities;
using VideoApi.Forwarding;
using VideoApi.Hosting;

namespace VideoApi.Frontend;

/// <summary>The frontend: pages for browsers, and the videos' files streamed from the backend.</summary>
internal static class FrontendApp
{
    /// <summary>Makes the service; its port is claimed, and it listens after its start.</summary>
    public static WebApplication Create(FrontendOptions options)
    {
        var builder = VideoHost.CreateBuilder(options.Listener, "frontend");
        builder.Services.AddHlsForwarding(
            new UpstreamClient("backend", options.Playlists, TimeProvider.System), new UpstreamClient("backend", options.Segments, TimeProvider.System));
        builder.Services.AddSingleton(_ => new BackendClient(new UpstreamClient("backend", options.Backend, TimeProvider.System)));

        var app = builder.Build();
        app.UseServiceEndpoints();
        app.UseOpenCors(below: "/hls");
        app.UseSecurityHeaders();
        // Answers without a body (no such route, wrong method) become pages.
        app.UseStatusCodePages(pages =>
        {
            var status = pages.HttpContext.Response.StatusCode;
            var reason = status == StatusCodes.Status404NotFound ? "There is nothing at this address." : "The server does not answer such a request.";
            return ErrorPage.Create(status, ReasonPhrases.GetReasonPhrase(status), reason).ExecuteAsync(pages.HttpContext);
        });
        app.UseAssets();
        app.UseRouting();
        app.MapHealth();
        app.MapPages();
        app.MapHls();
        return app;
    }
}
