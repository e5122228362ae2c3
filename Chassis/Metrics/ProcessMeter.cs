using System.Diagnostics;
using System.Diagnostics.Metrics;
using Chassis.Net;

namespace Chassis.Metrics;

/// <summary>The process's own figures under the names that Prometheus' client libraries use.</summary>
public sealed class ProcessMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Process";

    private const string Descriptors = "/proc/self/fd";

    private readonly Meter _meter;

    /// <summary>Registers the instruments; those that need /proc only where it is.</summary>
    /// <param name="factory">The application's maker of meters, where a process may run several applications.</param>
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
        _meter.CreateObservableGauge("process_max_fds", () => most, null, "File descriptors that may be open at once.");
        _meter.CreateObservableGauge("process_open_fds", OpenDescriptors, null, "Open file descriptors.");
    }

    /// <summary>Removes the instruments.</summary>
    public void Dispose() => _meter.Dispose();

    // Looking at /proc takes a descriptor. Where none is left, the framework tells nothing at all, or 0 bytes, and neither is measured.
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
