using System.Net;
using System.Net.Sockets;
using Processes;

namespace Demo.Transparent;

/// <summary>The networks that this machine already knows a way to.</summary>
internal static class MachineRoutes
{
    /// <summary>Asks for both families, all tables.</summary>
    public static async Task<IReadOnlyCollection<IPNetwork>> ReadAsync()
    {
        var v4 = await ShortCommand.RunAsync("ip", "-4", "-o", "route", "show", "table", "all");
        var v6 = await ShortCommand.RunAsync("ip", "-6", "-o", "route", "show", "table", "all");
        return [.. v4.Concat(v6).SelectMany(Networks)];
    }

    /// <summary>Every network and address that a line of <c>ip route</c> names; a default route is none.</summary>
    public static IEnumerable<IPNetwork> Networks(string line)
    {
        foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            // A number such as a metric would pass for an address.
            if (!word.AsSpan().ContainsAny('.', ':'))
                continue;
            if (IPNetwork.TryParse(word, out var network) && network.PrefixLength > 0)
                yield return network;
            else if (IPAddress.TryParse(word, out var address))
                yield return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        }
    }
}
