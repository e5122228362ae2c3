using System.Net;
using System.Runtime.InteropServices;

namespace Sidecar.Connections;

/// <summary>
/// How many connections each client has. It has an entry only for clients that have one, so it is never larger than the number of live
/// connections. The registry's lock guards it.
/// </summary>
internal sealed class ClientCounts
{
    private readonly Dictionary<IPAddress, int> _counts = [];

    /// <summary>Clients that have at least one.</summary>
    public int Clients => _counts.Count;

    public int Of(IPAddress client) => _counts.GetValueOrDefault(client);

    public void Add(IPAddress client) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, client, out _)++;

    public void Remove(IPAddress client)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, client);
        if (--count == 0)
            _counts.Remove(client);
    }
}
