using Chassis.Endpoints;
using VideoApi.Hosting;

namespace VideoApi.Storage;

/// <summary>The storage: a catalogue of a folder and the HLS files in it.</summary>
internal static class StorageApp
{
    /// <summary>Makes the service; its port is claimed, it listens once started.</summary>
    public static WebApplication Create(StorageOptions options)
    {
        var builder = VideoHost.CreateBuilder(options.Listener);
        builder.Services.AddSingleton(new MediaFolder(options.Folder));
        builder.Services.AddSingleton<Catalog>();

        var app = builder.Build();
        app.UsePlaces();
        app.UseOpenCors();
        app.UseRouting();
        app.MapHealth();
        app.MapCatalog();
        app.MapMedia();
        return app;
    }
}
