using System.Runtime.InteropServices;

namespace Sidecar.Destination;

/// <summary>What the framework has no call for.</summary>
internal static partial class Libc
{
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUser();
}
