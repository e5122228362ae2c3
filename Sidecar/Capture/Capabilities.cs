using System.Globalization;

namespace Sidecar.Capture;

/// <summary>The rights of this thread beyond those of its user (capabilities(7)).</summary>
internal static class Capabilities
{
    // linux/capability.h
    private const int NetAdmin = 12;
    private const int NetRaw = 13;
    private const int SysAdmin = 21;
    private const int PerfMon = 38;
    private const int Bpf = 39;

    /// <summary>Those that loading and attaching eBPF at a cgroup needs and that are missing; null if none is. CAP_PERFMON: the verifier
    /// accepts the program's arithmetic with pointers only with it.</summary>
    public static string? MissingForEbpf()
    {
        var effective = Effective();
        // CAP_SYS_ADMIN includes the first two, as before Linux 5.8. Without CAP_PERFMON the kernel refuses arithmetic with pointers.
        string[] missing = [.. Name("CAP_BPF", Bpf, SysAdmin), .. Name("CAP_PERFMON", PerfMon, SysAdmin), .. Name("CAP_NET_ADMIN", NetAdmin)];
        return missing.Length == 0 ? null : string.Join(", ", missing);

        IEnumerable<string> Name(string name, params int[] enough) => enough.Any(bit => (effective >> bit & 1) != 0) ? [] : [name];
    }

    /// <summary>Whether sockets that see packets are permitted.</summary>
    public static bool HasNetRaw => (Effective() >> NetRaw & 1) != 0;

    private static ulong Effective()
    {
        const string Label = "CapEff:";
        var line = File.ReadLines("/proc/thread-self/status").First(line => line.StartsWith(Label, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(Label.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
