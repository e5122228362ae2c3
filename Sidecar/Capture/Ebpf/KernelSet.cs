using Chassis;

namespace Sidecar.Capture.Ebpf;

/// <summary>A set in the kernel: a map whose values mean nothing.</summary>
/// <param name="map">The descriptor of the map.</param>
/// <param name="what">What its keys are, for errors.</param>
internal sealed unsafe class KernelSet<T>(int map, string what)
    where T : unmanaged, IEquatable<T>
{
    private HashSet<T> _members = [];

    /// <summary>Adds what is wanted and not there yet.</summary>
    /// <exception cref="UsageException">There are too many.</exception>
    public void Add(IReadOnlyCollection<T> wanted)
    {
        byte value = 1;
        foreach (var added in wanted)
        {
            var key = added;
            if (!_members.Add(added) || LibBpf.Update(map, &key, &value, LibBpf.CreateOrReplace) == 0)
                continue;
            _members.Remove(added);
            throw new UsageException($"eBPF could not filter by so many {what}: {Libc.ErrorText}");
        }
    }

    /// <summary>Removes what is not wanted.</summary>
    public void Keep(IReadOnlyCollection<T> wanted)
    {
        HashSet<T> kept = [.. wanted];
        foreach (var removed in _members.Except(kept))
        {
            var key = removed;
            _ = LibBpf.Delete(map, &key);
        }

        _members = kept;
    }
}
