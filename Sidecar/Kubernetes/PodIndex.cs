using System.Collections.Concurrent;
using System.Net;
using Chassis.Net;

namespace Sidecar.Kubernetes;

/// <summary>
/// Pods by their addresses. A pod that has ended has no address any more; of two pods with the same address the later created one has it.
/// Pods on their node's network are not here, because they share its address.
/// </summary>
/// <param name="most">Most pods.</param>
/// <param name="labels">The labels that records have.</param>
internal sealed class PodIndex(int most, LabelChoice labels) : IResourceIndex
{
    private readonly Dictionary<string, Pod> _byUid = [];
    private readonly ConcurrentDictionary<IPAddress, Pod> _byAddress = [];

    /// <inheritdoc/>
    public int Count => _byUid.Count;

    /// <summary>The pod that has an address and existed at a time; null if none is known.</summary>
    public NamedPod? Find(IPAddress address, DateTimeOffset at) => _byAddress.TryGetValue(address, out var pod) && pod.Created <= at ? pod.Name : null;

    /// <inheritdoc/>
    public bool Set(Resource resource)
    {
        var metadata = resource.Metadata!;
        var addresses = AddressesOf(resource);
        if (addresses.Count == 0)
        {
            Remove(resource);
            return true;
        }

        var known = _byUid.GetValueOrDefault(metadata.Uid!);
        if (known is null && _byUid.Count >= most)
            return false;
        var name = new NamedPod(metadata.Name!, metadata.Namespace, resource.Spec?.NodeName, resource.Spec?.ServiceAccountName, labels.Of(metadata.Labels));
        var pod = new Pod(metadata.Uid!, name, metadata.Created, addresses, known?.Lost ?? []);
        _byUid[pod.Uid] = pod;
        foreach (var address in known?.Addresses.Except(addresses) ?? [])
            Release(known!, address);
        foreach (var address in addresses.Except(pod.Lost))
            Claim(pod, address);
        return true;
    }

    /// <inheritdoc/>
    public void Remove(Resource resource)
    {
        if (!_byUid.Remove(resource.Metadata!.Uid!, out var pod))
            return;
        foreach (var address in pod.Addresses)
            Release(pod, address);
    }

    private void Claim(Pod pod, IPAddress address)
    {
        if (!_byAddress.TryGetValue(address, out var holder) || holder.Uid == pod.Uid)
        {
            _byAddress[address] = pod;
            return;
        }

        // The network plug-in gave the address to the later one, so the other has lost it for good, also if the later one ends first.
        var isLater = pod.Created > holder.Created || (pod.Created == holder.Created && string.CompareOrdinal(pod.Uid, holder.Uid) > 0);
        (isLater ? holder : pod).Lost.Add(address);
        if (isLater)
            _byAddress[address] = pod;
    }

    private void Release(Pod pod, IPAddress address)
    {
        if (_byAddress.TryGetValue(address, out var holder) && holder.Uid == pod.Uid)
            _byAddress.TryRemove(address, out _);
    }

    private static List<IPAddress> AddressesOf(Resource pod)
    {
        if (pod is not { Spec.HostNetwork: false, Status: { Phase: not ("Succeeded" or "Failed") } status })
            return [];
        var texts = status.PodIPs is { Count: > 0 } all ? all.Select(address => address.Ip) : [status.PodIP];
        return [.. from text in texts where text is not null && IPAddress.TryParse(text, out _) select NetworkAddress.Canonical(IPAddress.Parse(text))];
    }

    /// <param name="Uid">Its id, which no other object ever gets.</param>
    /// <param name="Name">Its names.</param>
    /// <param name="Created">When it was created.</param>
    /// <param name="Addresses">Its addresses by its status.</param>
    /// <param name="Lost">Those of them that a later pod has.</param>
    private sealed record Pod(string Uid, NamedPod Name, DateTimeOffset Created, List<IPAddress> Addresses, HashSet<IPAddress> Lost);
}
