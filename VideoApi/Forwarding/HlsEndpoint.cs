using Microsoft.AspNetCore.Mvc;

namespace VideoApi.Forwarding;

/// <summary><c>GET /hls/{path}</c>, forwarded to the upstream service.</summary>
internal static class HlsEndpoint
{
    /// <summary>Registers the services for forwarding.</summary>
    /// <param name="services">The services to add them to.</param>
    /// <param name="playlists">The upstream for playlists.</param>
    /// <param name="segments">The upstream for all other files; it can be the same.</param>
    public static IServiceCollection AddHlsForwarding(this IServiceCollection services, UpstreamClient playlists, UpstreamClient segments) =>
        services.AddSingleton(_ => new HlsUpstreams(playlists, segments)).AddSingleton<HlsForwarder>();

    /// <summary>Maps the endpoint.</summary>
    public static void MapHls(this IEndpointRouteBuilder routes)
    {
        var forwarder = routes.ServiceProvider.GetRequiredService<HlsForwarder>();
        // The upstream has given its answer, even if that is only a status.
        routes.MapMethods("/hls/{**path}", [HttpMethods.Get, HttpMethods.Head], forwarder.ForwardAsync)
            .WithMetadata(new SkipStatusCodePagesAttribute());
    }
}
