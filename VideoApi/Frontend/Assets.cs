using Microsoft.Extensions.FileProviders;

namespace VideoApi.Frontend;

/// <summary>The style, the scripts and the icon, from the folder <c>assets</c> in the program's folder.</summary>
internal static class Assets
{
    /// <summary>Serves them below <c>/assets</c>.</summary>
    public static void UseAssets(this WebApplication app) => app.UseStaticFiles(new StaticFileOptions
    {
        FileProvider = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "assets")),
        RequestPath = "/assets",
        // Their names do not change with their content; a check costs a 304.
        OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache",
    });
}
