using System.Runtime.InteropServices;

namespace Sidecar.Capture.Ebpf;

/// <summary>
/// libbpf 1.0 and later (Debian's libbpf1). Calls that return pointers return null, and the others a negative number, when they fail; the
/// error is in errno too.
/// </summary>
internal static unsafe partial class LibBpf
{
    /// <summary>The file that the system's loader looks for.</summary>
    public const string Name = "libbpf.so.1";

    // linux/bpf.h
    public const ulong CreateOrReplace = 0;
    public const int CgroupPackets = 8;
    public const int NetworkCookie = 122;

    /// <summary>Gives what libbpf says to a function <c>int (enum libbpf_print_level, const char *, va_list)</c>.</summary>
    [LibraryImport(Name, EntryPoint = "libbpf_set_print")]
    public static partial void* SetPrint(delegate* unmanaged[Cdecl]<int, byte*, void*, int> print);

    [LibraryImport(Name, EntryPoint = "bpf_object__open_mem", SetLastError = true)]
    public static partial nint Open(byte* bytes, nuint length, void* options);

    [LibraryImport(Name, EntryPoint = "bpf_object__load", SetLastError = true)]
    public static partial int Load(nint bpfObject);

    /// <summary>Closes an object with its programs and maps.</summary>
    [LibraryImport(Name, EntryPoint = "bpf_object__close")]
    public static partial void Close(nint bpfObject);

    [LibraryImport(Name, EntryPoint = "bpf_object__find_program_by_name", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindProgram(nint bpfObject, string name);

    [LibraryImport(Name, EntryPoint = "bpf_object__find_map_by_name", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindMap(nint bpfObject, string name);

    [LibraryImport(Name, EntryPoint = "bpf_map__set_max_entries", SetLastError = true)]
    public static partial int SetMaxEntries(nint map, uint count);

    /// <summary>Replaces what a map of constants has; only before the programs are loaded.</summary>
    [LibraryImport(Name, EntryPoint = "bpf_map__set_initial_value", SetLastError = true)]
    public static partial int SetInitialValue(nint map, void* value, nuint size);

    /// <summary>Whether programs of a type have a helper: 1 if they have, 0 if not, otherwise negative.</summary>
    [LibraryImport(Name, EntryPoint = "libbpf_probe_bpf_helper")]
    public static partial int HasHelper(int programType, int helper, void* options);

    [LibraryImport(Name, EntryPoint = "bpf_map__fd")]
    public static partial int DescriptorOf(nint map);

    /// <summary>A link: the program is attached until the link is destroyed or the process ends, in whatever way.</summary>
    [LibraryImport(Name, EntryPoint = "bpf_program__attach_cgroup", SetLastError = true)]
    public static partial nint Attach(nint program, int cgroup);

    [LibraryImport(Name, EntryPoint = "bpf_link__destroy")]
    public static partial int Destroy(nint link);

    [LibraryImport(Name, EntryPoint = "bpf_map_update_elem", SetLastError = true)]
    public static partial int Update(int map, void* key, void* value, ulong flags);

    [LibraryImport(Name, EntryPoint = "bpf_map_lookup_elem", SetLastError = true)]
    public static partial int LookUp(int map, void* key, void* value);

    [LibraryImport(Name, EntryPoint = "bpf_map_delete_elem", SetLastError = true)]
    public static partial int Delete(int map, void* key);

    [LibraryImport("libc", EntryPoint = "vsnprintf")]
    public static partial int Format(byte* text, nuint size, byte* format, void* arguments);
}
