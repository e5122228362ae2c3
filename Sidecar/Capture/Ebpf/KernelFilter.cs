using System.Net;
using System.Runtime.InteropServices;
using Chassis;

namespace Sidecar.Capture.Ebpf;

/// <summary>A filter in the maps of the kernel's programs, replaceable while they run.</summary>
internal sealed unsafe class KernelFilter(BpfObject programs, int wakeAt)
{
    private readonly Lock _gate = new();
    private CaptureFilter _inForce = CaptureFilter.All;
    private readonly int _settings = programs.DescriptorOf("settings");
    private readonly KernelSet<ushort> _ports = new(programs.DescriptorOf("ports"), "ports");
    private readonly KernelSet<KernelNetwork> _included = new(programs.DescriptorOf("included"), "included networks");
    private readonly KernelSet<KernelNetwork> _excluded = new(programs.DescriptorOf("excluded"), "excluded networks");
    private readonly KernelSet<ulong> _cgroups = new(programs.DescriptorOf("cgroups"), "cgroups");

    /// <summary>Replaces the filter. In between the kernel has the members of both.</summary>
    /// <exception cref="UsageException">It is too large; the old one stays.</exception>
    public void Apply(CaptureFilter filter)
    {
        lock (_gate)
        {
            try
            {
                Add(filter);
            }
            catch (UsageException)
            {
                Keep(_inForce);
                throw;
            }

            Set(new Settings
            {
                HasPorts = filter.ServerPorts.Count,
                HasIncluded = filter.Included.Count,
                HasExcluded = filter.Excluded.Count,
                HasCgroups = filter.Cgroups.Count,
                WakeAt = wakeAt,
            });
            Keep(filter);
            _inForce = filter;
        }
    }

    private static IReadOnlyCollection<ushort> PortsOf(CaptureFilter filter) => [.. filter.ServerPorts.Select(port => (ushort)port)];

    private static IReadOnlyCollection<KernelNetwork> NetworksOf(IReadOnlyList<IPNetwork> networks) => [.. networks.Select(network => new KernelNetwork(network))];

    // Those to leave out first: what neither filter wants never passes.
    private void Add(CaptureFilter filter)
    {
        _excluded.Add(NetworksOf(filter.Excluded));
        _included.Add(NetworksOf(filter.Included));
        _ports.Add(PortsOf(filter));
        _cgroups.Add(filter.Cgroups);
    }

    private void Keep(CaptureFilter filter)
    {
        _ports.Keep(PortsOf(filter));
        _included.Keep(NetworksOf(filter.Included));
        _excluded.Keep(NetworksOf(filter.Excluded));
        _cgroups.Keep(filter.Cgroups);
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
