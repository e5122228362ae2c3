using Chassis;
using Chassis.Settings;
using Microsoft.AspNetCore.Http;
using Sidecar.Hosting.Reload;

namespace Sidecar.Hosting.Admin;

/// <summary><c>GET /config</c>: the configuration in force, the origin of each setting, and the result of the last reload.</summary>
internal static class ConfigEndpoint
{
    public static IEndpointRouteBuilder MapConfig(this IEndpointRouteBuilder routes)
    {
        var state = routes.ServiceProvider.GetRequiredService<ConfigurationState>();
        var source = routes.ServiceProvider.GetRequiredService<IConfigurationFile>();
        routes.MapGet("/config", () => TypedResults.Json(ConfigView.Of(state.InForce, state.Refused, source.File?.Value), AdminJson.Default.ConfigView));
        return routes;
    }
}

/// <summary>The configuration in force as the admin port shows it.</summary>
/// <param name="Generation">1 for that of the start.</param>
/// <param name="Since">When it was read.</param>
/// <param name="File">Its file.</param>
/// <param name="Settings">All settings in force, in the order of their sources; the defaults last.</param>
/// <param name="NeedRestart">Keys that have changed in the file; their old values stay until the next start.</param>
/// <param name="Refused">The last reload, where that was refused.</param>
internal sealed record ConfigView(int Generation, string Since, string? File, SettingView[] Settings, string[]? NeedRestart, RefusedView? Refused)
{
    public static ConfigView Of(ConfigurationInForce current, RefusedConfiguration? refused, string? file) => new(
        current.Generation,
        UtcTime.Text(current.Since),
        file,
        [.. current.Loaded.Settings.Select(SettingView.Of)],
        current.Loaded.NeedRestart.Count > 0 ? [.. current.Loaded.NeedRestart] : null,
        refused is null ? null : new RefusedView(UtcTime.Text(refused.At), [.. refused.Errors]));
}

/// <summary>A reload that was refused, as the admin port shows it.</summary>
internal sealed record RefusedView(string At, string[] Errors);

/// <summary>One setting as the admin port shows it.</summary>
internal sealed record SettingView(string Key, string Value, string Origin)
{
    public static SettingView Of(Setting setting) => new(setting.Key, setting.Masked, setting.Origin);
}
