using System.Net;
using Sidecar.Net;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>
/// Two joined namespaces; rules are set in the near one. Servers on the sidecar's ports only say "p1" and "p2", and servers
/// on all other ports say "service": the answer shows what the rules have done.
/// </summary>
public sealed class Neighbours : IAsyncLifetime
{
    private static readonly int[] ServicePorts = [9000, 9001, 9007, 15000, 15021, 15099];
    private readonly List<PodServer> _servers = [];

    internal NetworkNamespace Near { get; private set; } = null!;

    internal NetworkNamespace Far { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!RootTools.AreThere)
            return;
        (Near, Far) = (await NetworkNamespace.CreateAsync(), await NetworkNamespace.CreateAsync());
        await NetworkNamespace.JoinAsync(Near, Far);
        foreach (var (space, number) in new[] { (Near, 1), (Far, 2) })
        {
            await space.RunAsync($"""
                ip address add 10.77.0.{number}/24 dev wire
                ip address add 10.78.0.{number}/24 dev wire
                ip address add fd00:77::{number}/64 dev wire nodad
                ip address add fd00:78::{number}/64 dev wire nodad
                ip link set wire up
                """);
            _servers.AddRange(ServicePorts.Select(port => PodServer.Saying(space.Listen(port), "service")));
        }

        _servers.Add(PodServer.Saying(Near.Listen(45000), "p1"));
        _servers.Add(PodServer.Saying(Near.Listen(45001), "p2"));
    }

    /// <summary>Runs the script in the near namespace; it has to be done and silent.</summary>
    internal async Task DoesAsync(params IEnumerable<string> words) =>
        Assert.Equal(new ScriptResult(0, "", ""), await SidecarIptables.RunAsync(["ip", "netns", "exec", Near.Name], words));

    /// <summary>Who answers a caller; "refused" when no one does.</summary>
    internal async Task<string> AnswerAsync(string caller, IPEndPoint destination)
    {
        using var socket = caller switch
        {
            "app" => await Near.ConnectAsync(destination.Address, destination.Port, user: 1339),
            "sidecar" => await Near.ConnectAsync(destination.Address, destination.Port, user: 1337),
            "friend" => await Near.ConnectAsync(destination.Address, destination.Port, user: 1338),
            "group" => await Near.ConnectAsync(destination.Address, destination.Port, user: 1339, group: 1340),
            "passed" => await Near.ConnectAsync(destination.Address, destination.Port, user: 1337, source: Source(destination)),
            "far" => await Far.ConnectAsync(destination.Address, destination.Port, user: 1339),
            _ => throw new ArgumentException(caller, nameof(caller)),
        };
        return await socket.ReadLineAsync();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var server in _servers)
                await server.DisposeAsync();
        }
        finally
        {
            foreach (var space in new[] { Near, Far })
            {
                if (space is not null)
                    await space.DisposeAsync();
            }
        }
    }

    private static IPAddress Source(IPEndPoint destination) => PassthroughSource.Next(destination.AddressFamily);
}
