using Microsoft.AspNetCore.Mvc;

namespace VideoApi.Forwarding;

/// <summary><c>GET /hls/{path}</c> as a passage to the service behind.</summary>
internal static class HlsEndpoint
{
    /// <summary>Registers what the passage needs.</summary>
    /// <param name="services">Where.</param>
    /// <param name="playlists">Where playlists come from.</param>
    /// <param name="segments">Where all other files come from; it may be the same.</param>
    public static IServiceCollection AddHlsForwarding(this IServiceCollection services, UpstreamClient playlists, UpstreamClient segments) =>
        services.AddSingleton(_ => new HlsUpstreams(playlists, segments)).AddSingleton<HlsForwarder>();

    /// <summary>Maps it.</summary>
    public static void MapHls(this IEndpointRouteBuilder routes)
    {
        var forwarder = routes.ServiceProvider.GetRequiredService<HlsForwarder>();
        // The service behind has said what it had to say, if only by a status.
        routes.MapMethods("/hls/{**path}", [HttpMethods.Get, HttpMethods.Head], forwarder.ForwardAsync)
            .WithMetadata(new SkipStatusCodePagesAttribute());
    }
}
