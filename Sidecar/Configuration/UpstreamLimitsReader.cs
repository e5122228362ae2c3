using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads the limits of upstream addresses.</summary>
internal static class UpstreamLimitsReader
{
    private const int MaxRate = 100_000;
    private const int MaxFailures = 1000;

    // Shorter than the time for which addresses are kept.
    private static readonly TimeSpan LongestEjection = TimeSpan.FromHours(1);

    /// <summary>The limits below a key; those that are not set are the given ones.</summary>
    public static UpstreamLimits Read(SettingSet settings, string key, UpstreamLimits defaults) => new()
    {
        Connections = settings.Read($"{key}.max-connections", defaults.Connections, Values.OffOr(OptionsReader.ParseConnections)),
        Pending = settings.Read($"{key}.max-pending", defaults.Pending, Values.OffOr(OptionsReader.ParseConnections)),
        ConnectRate = settings.Read($"{key}.connect-rate", defaults.ConnectRate, Values.OffOr(Values.WholeNumber(1, MaxRate))),
        Outlier = ReadOutlier(settings, $"{key}.outlier", defaults.Outlier),
    };

    private static OutlierDetection? ReadOutlier(SettingSet settings, string key, OutlierDetection? inherited)
    {
        var defaults = inherited ?? new OutlierDetection();
        var failures = settings.Read($"{key}.failures", inherited?.Failures, Values.OffOr(Values.WholeNumber(1, MaxFailures)));
        var parse = Values.Duration(TimeSpan.FromMilliseconds(1), LongestEjection);
        var outlier = defaults with
        {
            Failures = failures ?? defaults.Failures,
            EjectionTime = settings.Read($"{key}.ejection-time", defaults.EjectionTime, parse),
            MaxEjectionTime = settings.Read($"{key}.max-ejection-time", defaults.MaxEjectionTime, parse),
        };
        if (failures is null)
        {
            foreach (var unused in new[] { $"{key}.ejection-time", $"{key}.max-ejection-time" })
                settings.SwitchOff(unused, $"no address is ejected without {key}.failures; give it a number, such as {defaults.Failures}, or remove this", cause: $"{key}.failures");
            return null;
        }

        if (outlier.EjectionTime > outlier.MaxEjectionTime && (settings.Find($"{key}.ejection-time") ?? settings.Find($"{key}.max-ejection-time")) is { } wrong)
            settings.Refuse(wrong, $"the first ejection ({Values.Display(outlier.EjectionTime)}) must not be longer than {key}.max-ejection-time ({Values.Display(outlier.MaxEjectionTime)})");
        return outlier;
    }
}
