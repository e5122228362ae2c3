using System.Net;
using Processes;

namespace Demo.Transparent;

/// <summary>The hosts of a run, their namespaces and addresses.</summary>
/// <param name="Run">The run that they belong to.</param>
/// <param name="V4">The hosts' IPv4 network, a /24.</param>
/// <param name="V6">Their IPv6 network, a /64.</param>
internal sealed record NetworkPlan(RunName Run, IPNetwork V4, IPNetwork V6)
{
    // Of RFC 1918, in the order of how much there is to choose from.
    private static readonly IPNetwork[] PrivateV4 = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16")];

    private const int V4Prefix = 24;
    private const int V6Prefix = 64;
    private const int V6Attempts = 100;

    /// <summary>Where the bridge is.</summary>
    public string BridgeNamespace => Run.Prefix + "bridge";

    /// <summary>This machine's end, when it takes part.</summary>
    public PlannedHost Machine => Host("machine", 1);

    /// <summary>The pod of the frontend and p1.</summary>
    public PlannedHost Client => Host("client", 2);

    /// <summary>The pod of p2 and the backend.</summary>
    public PlannedHost Server => Host("server", 3);

    /// <summary>Where the Oracle runs.</summary>
    public PlannedHost Oracle => Host("oracle", 4);

    /// <summary>Where the storage runs.</summary>
    public PlannedHost Storage => Host("storage", 5);

    /// <summary>The hosts that are namespaces.</summary>
    public IReadOnlyList<PlannedHost> Hosts => [Client, Server, Oracle, Storage];

    /// <summary>Chooses networks that overlap with none of those in use.</summary>
    /// <exception cref="ProcessFailedException">There are none.</exception>
    public static NetworkPlan Choose(RunName run, IReadOnlyCollection<IPNetwork> taken, Random random)
    {
        var v4 = PrivateV4.Select(range => FreeV4(range, taken, random)).FirstOrDefault(network => network is not null);
        var v6 = Enumerable.Range(0, V6Attempts).Select(_ => (IPNetwork?)UniqueLocal(random)).FirstOrDefault(network => IsFree(network!.Value, taken));
        return v4 is { } four && v6 is { } six
            ? new NetworkPlan(run, four, six)
            : throw new ProcessFailedException("this machine's routes cover all private networks; there is none left for the pods");
    }

    private static IPNetwork? FreeV4(IPNetwork range, IReadOnlyCollection<IPNetwork> taken, Random random)
    {
        var count = 1 << (V4Prefix - range.PrefixLength);
        var first = random.Next(count);
        for (var i = 0; i < count; i++)
        {
            var bytes = range.BaseAddress.GetAddressBytes();
            var (high, low) = Math.DivRem((first + i) % count, 256);
            (bytes[1], bytes[2]) = ((byte)(bytes[1] + high), (byte)(bytes[2] + low));
            var network = new IPNetwork(new IPAddress(bytes), V4Prefix);
            if (IsFree(network, taken))
                return network;
        }

        return null;
    }

    // RFC 4193: fd, 40 random bits, then the subnet.
    private static IPNetwork UniqueLocal(Random random)
    {
        var bytes = new byte[16];
        bytes[0] = 0xfd;
        random.NextBytes(bytes.AsSpan(1, 5));
        return new IPNetwork(new IPAddress(bytes), V6Prefix);
    }

    private static bool IsFree(IPNetwork network, IReadOnlyCollection<IPNetwork> taken) =>
        !taken.Any(used => used.Contains(network.BaseAddress) || network.Contains(used.BaseAddress));

    private PlannedHost Host(string name, byte number) => new(name, Run.Prefix + name, Address(V4, number), Address(V6, number));

    private static IPAddress Address(IPNetwork network, byte number)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        bytes[^1] = number;
        return new IPAddress(bytes);
    }
}

/// <summary>One host of a run.</summary>
/// <param name="Name">Its name, and that of its port at the bridge.</param>
/// <param name="Namespace">The namespace that it is.</param>
/// <param name="V4">Its IPv4 address.</param>
/// <param name="V6">Its IPv6 address.</param>
internal sealed record PlannedHost(string Name, string Namespace, IPAddress V4, IPAddress V6);
