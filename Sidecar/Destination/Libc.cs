using System.Runtime.InteropServices;

namespace Sidecar.Destination;

/// <summary>System calls that the framework does not offer.</summary>
internal static partial class Libc
{
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUser();
}
