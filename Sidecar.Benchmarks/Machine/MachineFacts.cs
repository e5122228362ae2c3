using System.Collections;
using System.Runtime.InteropServices;

namespace Sidecar.Benchmarks.Machine;

/// <summary>What the figures were measured on.</summary>
/// <param name="Processor">The model as the kernel names it.</param>
/// <param name="Cores">Logical processors.</param>
/// <param name="Memory">Bytes in all.</param>
/// <param name="Kernel">Name and release.</param>
/// <param name="Runtime">The .NET that runs the sidecar too.</param>
/// <param name="RuntimeSettings">What the environment tells its garbage collector and compiler: <c>DOTNET_GCHeapCount=2</c>.</param>
internal sealed record MachineFacts(string Processor, int Cores, long Memory, string Kernel, string Runtime, IReadOnlyList<string> RuntimeSettings)
{
    private static readonly string[] SettingPrefixes = ["DOTNET_GC", "DOTNET_Tiered", "DOTNET_TC_", "DOTNET_ReadyToRun"];

    public static MachineFacts Read() => new(
        Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}",
        RuntimeInformation.FrameworkDescription,
        [.. Settings(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)))]);

    /// <summary>Those of some environment variables that change how .NET programs run.</summary>
    public static IEnumerable<string> Settings(IEnumerable<KeyValuePair<string, string?>> environment) => environment
        .Where(variable => SettingPrefixes.Any(prefix => variable.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        .Select(variable => $"{variable.Key}={variable.Value}")
        .Order(StringComparer.OrdinalIgnoreCase);

    private static string? Field(string path, string name) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
