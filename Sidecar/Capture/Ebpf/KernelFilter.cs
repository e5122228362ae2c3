using System.Runtime.InteropServices;
using Chassis;

namespace Sidecar.Capture.Ebpf;

/// <summary>A filter in the maps of the kernel's programs, replaceable while they run.</summary>
internal sealed unsafe class KernelFilter(BpfObject programs, int wakeAt)
{
    private readonly Lock _gate = new();
    private readonly int _settings = programs.DescriptorOf("settings");
    private readonly KernelSet<ushort> _ports = new(programs.DescriptorOf("ports"), "ports");
    private readonly KernelSet<KernelNetwork> _included = new(programs.DescriptorOf("included"), "included networks");
    private readonly KernelSet<KernelNetwork> _excluded = new(programs.DescriptorOf("excluded"), "excluded networks");
    private readonly KernelSet<ulong> _cgroups = new(programs.DescriptorOf("cgroups"), "cgroups");

    /// <summary>Replaces the filter. In between the kernel has the members of both.</summary>
    /// <exception cref="UsageException">It is too large.</exception>
    public void Apply(CaptureFilter filter)
    {
        ushort[] ports = [.. filter.ServerPorts.Select(port => (ushort)port)];
        KernelNetwork[] included = [.. filter.Included.Select(network => new KernelNetwork(network))];
        KernelNetwork[] excluded = [.. filter.Excluded.Select(network => new KernelNetwork(network))];
        lock (_gate)
        {
            _ports.Add(ports);
            _included.Add(included);
            _excluded.Add(excluded);
            _cgroups.Add(filter.Cgroups);
            Set(new Settings { HasPorts = ports.Length, HasIncluded = included.Length, HasExcluded = excluded.Length, HasCgroups = filter.Cgroups.Count, WakeAt = wakeAt });
            _ports.Keep(ports);
            _included.Keep(included);
            _excluded.Keep(excluded);
            _cgroups.Keep(filter.Cgroups);
        }
    }

    private void Set(Settings settings)
    {
        var only = 0;
        _ = LibBpf.Update(_settings, &only, &settings, LibBpf.CreateOrReplace);
    }

    // struct settings of capture.bpf.c
    [StructLayout(LayoutKind.Sequential)]
    private struct Settings
    {
        public int HasPorts;
        public int HasIncluded;
        public int HasExcluded;
        public int HasCgroups;
        public int WakeAt;
        public int Padding;
    }
}
