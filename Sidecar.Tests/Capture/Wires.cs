using Sidecar.Tests.Support;

namespace Sidecar.Tests.Capture;

/// <summary>Pairs of namespaces with addresses.</summary>
internal static class Wires
{
    /// <summary>Joins two namespaces: 10.9.9.1 and fd09::1 with 10.9.9.2 and fd09::2.</summary>
    public static async Task JoinAsync(NetworkNamespace one, NetworkNamespace other)
    {
        await NetworkNamespace.JoinAsync(one, other);
        foreach (var (space, host) in new[] { (one, 1), (other, 2) })
            await space.RunAsync($"ip addr add 10.9.9.{host}/24 dev wire && ip addr add fd09::{host}/64 dev wire nodad && ip link set wire up");
    }
}
