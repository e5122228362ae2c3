using System.Diagnostics.Metrics;
using System.Reflection;

namespace Chassis.Metrics;

/// <summary>The running build, in the usual form for Prometheus: a gauge of 1 with the version as a label.</summary>
public static class BuildInfo
{
    /// <summary>Adds <c>PROGRAM_build_info</c> to a program's meter.</summary>
    /// <param name="meter">The program's meter.</param>
    /// <param name="program">The start of the names of its metrics: <c>sidecar</c>.</param>
    public static void AddTo(Meter meter, string program)
    {
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        KeyValuePair<string, object?>[] labels = [new("version", version), new("dotnet_version", Environment.Version.ToString())];
        meter.CreateObservableGauge($"{program}.build.info", () => new Measurement<int>(1, labels), null, "The build that runs.");
    }
}
