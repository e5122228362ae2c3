using System.Runtime.InteropServices;

namespace Sidecar.Benchmarks.Machine;

/// <summary>What the figures were measured on.</summary>
/// <param name="Processor">The model as the kernel names it.</param>
/// <param name="Cores">Logical processors.</param>
/// <param name="Memory">Bytes in all.</param>
/// <param name="Kernel">Name and release.</param>
/// <param name="Runtime">The .NET that runs the sidecar too.</param>
internal sealed record MachineFacts(string Processor, int Cores, long Memory, string Kernel, string Runtime)
{
    public static MachineFacts Read() => new(
        Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}",
        RuntimeInformation.FrameworkDescription);

    private static string? Field(string path, string name) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
