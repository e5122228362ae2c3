using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads the time limits of the process, or of a route.</summary>
internal static class TimeoutSettings
{
    private static readonly Func<string, TimeSpan> Parse = Values.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));

    /// <summary>The limits below a key; those that are not set are the given ones.</summary>
    public static TimeoutOptions Read(SettingSet settings, string key, TimeoutOptions defaults) => new()
    {
        Handshake = settings.Read($"{key}.handshake", defaults.Handshake, Parse),
        Connect = settings.Read($"{key}.connect", defaults.Connect, Parse),
        Idle = settings.Read($"{key}.idle", defaults.Idle, Parse),
        HalfClosed = settings.Read($"{key}.half-closed", defaults.HalfClosed, Parse),
    };
}
