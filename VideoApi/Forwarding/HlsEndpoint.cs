namespace VideoApi.Forwarding;

/// <summary><c>GET /hls/{path}</c> as a passage to the service behind.</summary>
internal static class HlsEndpoint
{
    /// <summary>Registers what the passage needs.</summary>
    public static IServiceCollection AddHlsForwarding(this IServiceCollection services, Upstream upstream) =>
        services.AddSingleton(_ => upstream).AddSingleton<HlsForwarder>();

    /// <summary>Maps it.</summary>
    public static void MapHls(this IEndpointRouteBuilder routes)
    {
        var forwarder = routes.ServiceProvider.GetRequiredService<HlsForwarder>();
        routes.MapMethods("/hls/{**path}", [HttpMethods.Get, HttpMethods.Head], forwarder.ForwardAsync);
    }
}
