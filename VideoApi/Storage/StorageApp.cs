using Chassis.Endpoints;
using VideoApi.Hosting;

namespace VideoApi.Storage;

/// <summary>The storage: a catalogue of a folder and the HLS files in it.</summary>
internal static class StorageApp
{
    /// <summary>Makes the service; its port is claimed, and it listens after its start.</summary>
    /// <param name="options">Its addresses and its folder.</param>
    /// <param name="time">The clock; the system's by default.</param>
    public static WebApplication Create(StorageOptions options, TimeProvider? time = null)
    {
        var builder = VideoHost.CreateBuilder(options.Listener, "storage", time);
        builder.Services.AddSingleton(new MediaFolder(options.Folder));
        builder.Services.AddSingleton<Catalog>().AddSingleton<FinishedFilms>();

        var app = builder.Build();
        app.UseServiceEndpoints();
        app.UseOpenCors();
        app.UseRouting();
        app.MapHealth();
        app.MapCatalog();
        app.MapMedia();
        return app;
    }
}
