using System.Collections.Concurrent;
using System.Net;
using Chassis.Net;

namespace Sidecar.Kubernetes;

/// <summary>Services by their names, and by their own addresses if they have some.</summary>
/// <param name="most">Most services.</param>
/// <param name="labels">The labels that records have.</param>
internal sealed class ServiceIndex(int most, LabelChoice labels) : IResourceIndex
{
    private readonly ConcurrentDictionary<string, Service> _byName = [];
    private readonly ConcurrentDictionary<IPAddress, Service> _byAddress = [];

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>The service that has an address and existed at a time; null if none is known.</summary>
    public NamedService? Find(IPAddress address, DateTimeOffset at) => _byAddress.TryGetValue(address, out var service) && service.Created <= at ? service.Name : null;

    /// <summary>The service of a name; one without labels if it is not known.</summary>
    public NamedService Find(string space, string name) => _byName.TryGetValue($"{space}/{name}", out var service) ? service.Name : new NamedService(name, space, []);

    /// <inheritdoc/>
    public bool Set(Resource resource)
    {
        var (key, metadata) = (KeyOf(resource), resource.Metadata!);
        if (!_byName.TryGetValue(key, out var known) && Count >= most)
            return false;
        var name = new NamedService(metadata.Name!, metadata.Namespace ?? "", labels.Of(metadata.Labels));
        var service = new Service(name, metadata.Created, AddressesOf(resource));
        _byName[key] = service;
        foreach (var address in service.Addresses)
            _byAddress[address] = service;
        if (known is null)
            Count++;
        else
            Release(known);
        return true;
    }

    /// <inheritdoc/>
    public void Remove(Resource resource)
    {
        if (!_byName.TryRemove(KeyOf(resource), out var service))
            return;
        Count--;
        Release(service);
    }

    // Only those that it still has.
    private void Release(Service service)
    {
        foreach (var address in service.Addresses)
        {
            if (_byAddress.TryGetValue(address, out var holder) && holder == service)
                _byAddress.TryRemove(address, out _);
        }
    }

    private static string KeyOf(Resource resource) => $"{resource.Metadata!.Namespace}/{resource.Metadata.Name}";

    // "None" for one without an address.
    private static List<IPAddress> AddressesOf(Resource service)
    {
        var texts = service.Spec?.ClusterIPs is { Count: > 0 } all ? all : [service.Spec?.ClusterIP ?? ""];
        return [.. from text in texts where IPAddress.TryParse(text, out _) select NetworkAddress.Canonical(IPAddress.Parse(text))];
    }

    private sealed class Service(NamedService name, DateTimeOffset created, List<IPAddress> addresses)
    {
        public NamedService Name => name;

        public DateTimeOffset Created => created;

        public List<IPAddress> Addresses => addresses;
    }
}
