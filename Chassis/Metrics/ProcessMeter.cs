using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chassis.Net;

namespace Chassis.Metrics;

/// <summary>Figures of the process, under the names of Prometheus' client libraries.</summary>
public sealed class ProcessMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Process";

    private const string Descriptors = "/proc/self/fd";

    private readonly Meter _meter;

    /// <summary>Registers the instruments; those that need /proc only if there is /proc.</summary>
    /// <param name="factory">The application's meter factory, because a process can run several applications.</param>
    public ProcessMeter(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(Name) ?? new Meter(Name);
        var started = new DateTimeOffset(Process.GetCurrentProcess().StartTime).ToUnixTimeMilliseconds() / 1000.0;
        _meter.CreateObservableCounter("process_cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "User and system CPU time spent.");
        _meter.CreateObservableGauge("process_resident_memory", ResidentMemory, "By", "Resident memory.");
        _meter.CreateObservableGauge("process_start_time", () => started, "s", "Start time of the process since the Unix epoch.");
        if (!Directory.Exists(Descriptors))
            return;
        var most = OpenFiles.SoftLimit();
        _meter.CreateObservableGauge("process_max_fds", () => most, null, "Most open file descriptors at once.");
        _meter.CreateObservableGauge("process_open_fds", OpenDescriptors, null, "Open file descriptors.");
    }

    /// <summary>Removes the instruments.</summary>
    public void Dispose() => _meter.Dispose();

    // Reading /proc needs a descriptor. If none is left, the framework returns nothing or 0 bytes, and no measurement is made.
    private static IEnumerable<Measurement<int>> OpenDescriptors()
    {
        try
        {
            return [new(Directory.EnumerateFileSystemEntries(Descriptors).Count())];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static IEnumerable<Measurement<long>> ResidentMemory() => Environment.WorkingSet is > 0 and var bytes ? [new(bytes)] : [];
}
