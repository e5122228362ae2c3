using System.Runtime.InteropServices;
using Chassis;

namespace Sidecar.Capture.Ebpf;

/// <summary>The compiled programs in the kernel, and their maps, until disposed.</summary>
internal sealed unsafe class BpfObject : IDisposable
{
    // asm-generic/errno-base.h
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;

    private readonly nint _object;
    private readonly List<nint> _links = [];

    private BpfObject(nint bpfObject) => _object = bpfObject;

    /// <summary>Loads the programs.</summary>
    /// <exception cref="UsageException">It is not possible; the line names what is missing.</exception>
    public static BpfObject Load(int ringBytes)
    {
        try
        {
            LibBpfLog.Start();
        }
        catch (DllNotFoundException error)
        {
            throw new UsageException($"eBPF needs {LibBpf.Name}, which is not installed (apt install libbpf1)", error);
        }

        using var code = (UnmanagedMemoryStream)typeof(BpfObject).Assembly.GetManifestResourceStream("capture.bpf.o")!;
        var opened = LibBpf.Open(code.PositionPointer, (nuint)code.Length, null);
        if (opened == 0)
            throw Failure("open its programs");
        var loaded = new BpfObject(opened);
        // The kernel refuses a program with a helper that it does not have, unless it can see that it is never called.
        var hasNetworks = LibBpf.HasHelper(LibBpf.CgroupPackets, LibBpf.NetworkCookie, null) == 1 ? 1u : 0;
        _ = LibBpf.SetInitialValue(loaded.Map(".rodata.networks"), &hasNetworks, sizeof(uint));
        if (LibBpf.SetMaxEntries(loaded.Map("ring"), (uint)ringBytes) == 0 && LibBpf.Load(opened) == 0)
            return loaded;
        var failure = Failure("load its programs");
        loaded.Dispose();
        throw failure;
    }

    /// <summary>The descriptor of a map.</summary>
    public int DescriptorOf(string map) => LibBpf.DescriptorOf(Map(map));

    /// <summary>Attaches a program to a cgroup, as long as this process lives and the object is not disposed.</summary>
    /// <exception cref="UsageException">It is not possible; the line names what is missing.</exception>
    public void Attach(string program, SafeHandle cgroup)
    {
        var link = LibBpf.Attach(LibBpf.FindProgram(_object, program), (int)cgroup.DangerousGetHandle());
        if (link == 0)
            throw Failure($"attach its program {program}");
        _links.Add(link);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var link in _links)
            _ = LibBpf.Destroy(link);
        LibBpf.Close(_object);
    }

    private nint Map(string name) => LibBpf.FindMap(_object, name);

    private static UsageException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        var text = $"eBPF could not {what}: {Marshal.GetPInvokeErrorMessage(error)}";
        if (error is NotPermitted or AccessDenied && Capabilities.MissingForEbpf() is { } missing)
            return new UsageException($"{text}; missing: {missing}");
        return new UsageException(LibBpfLog.Last() is { Length: > 0 } said ? $"{text} ({said}); it needs Linux 5.8 or later" : text);
    }
}
