using System.Net;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>
/// Pods on a node with Services: a client with a sidecar, two servers with one, a host without one and outside of the cluster, and the node
/// itself. Ports 9000 and 9002 have the route <c>peer</c>, 9001 and 9003 are plain; on the last two a server listens on localhost only.
/// </summary>
public sealed class ClusterPods : IAsyncLifetime
{
    private const string Inbound = """
        listeners:
          - {name: in, listen: "[::]:45001", role: inbound, peers: permissive}
        """;

    private const string WithLoopback = """
        listeners:
          - {name: in, listen: "[::]:45001", role: inbound, peers: permissive, allow-destinations: [pod, original, loopback]}
        """;

    // It calls itself too. Each SOCKS listener leads to one of the servers.
    private const string Both = Inbound + """

          - {name: out, listen: "[::]:45000", role: outbound, routes: [{destination: ["*:9000", "*:9002"], action: peer}]}
          - {name: socks, listen: "127.0.0.1:1080", role: outbound, mode: socks4, target: "10.77.0.2:45001"}
          - {name: socks-listed, listen: "127.0.0.1:1081", role: outbound, mode: socks4, target: "10.77.0.4:45001"}
        """;

    private static readonly (IPAddress V4, IPAddress V6) Silent = (IPAddress.Parse("10.77.0.3"), IPAddress.Parse("fd00:77::3"));
    private static readonly (IPAddress V4, IPAddress V6) Outside = (IPAddress.Parse("192.0.2.10"), IPAddress.Parse("2001:db8::10"));
    private static readonly (IPAddress V4, IPAddress V6) ServerService = (IPAddress.Parse("10.96.0.2"), IPAddress.Parse("fd00:96::2"));
    private static readonly (IPAddress V4, IPAddress V6) ClientService = (IPAddress.Parse("10.96.0.1"), IPAddress.Parse("fd00:96::1"));

    private readonly List<PodServer> _servers = [];
    private readonly TempFolder _folder = new();

    internal PodNode Node { get; private set; } = null!;

    internal Pod Client { get; private set; } = null!;

    internal Pod Server { get; private set; } = null!;

    /// <summary>Names that a cluster's DNS would know.</summary>
    internal string Hosts { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!RootTools.AreThere)
            return;
        Node = await PodNode.CreateAsync();
        var pods = await Task.WhenAll(Node.StartPodAsync(1, Both), Node.StartPodAsync(2, Inbound), Node.StartPodAsync(4, WithLoopback));
        (Client, Server) = (pods[0], pods[1]);
        var second = pods[2];
        // A pod that does not listen.
        await Node.AddAsync(Silent.V4, Silent.V6);
        var outside = await Node.AddAsync(Outside.V4, Outside.V6);
        await Node.ServeAsync(ServerService.V4, ServerService.V6, Server);
        await Node.ServeAsync(ClientService.V4, ClientService.V6, Client);
        Hosts = _folder.Write("hosts", $"""
            {Server.V4} headless
            {Server.V6} headless
            {second.V4} headless
            {second.V6} headless
            {Silent.V4} first-silent
            {Silent.V6} first-silent
            {Server.V4} first-silent
            {Server.V6} first-silent
            {Outside.V4} external
            {Outside.V6} external

            """);
        foreach (var (space, name) in new[] { (Client.Space, "client"), (Server.Space, "server"), (second.Space, "server"), (outside, "outside"), (Node.Space, "node") })
            _servers.AddRange(((int[])[9000, 9001]).Select(port => PodServer.Web(space.Listen(port), name)));
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            foreach (var space in new[] { Server.Space, second.Space })
                _servers.AddRange(((int[])[9002, 9003]).Select(port => PodServer.Web(space.Listen(port, address), "server")));
        }
    }

    /// <summary>How an application in the client pod calls a destination of docs/modes.md: its listener, what curl is told, who answers.</summary>
    internal (string Listener, string Words, string Answer) CallOf(string destination, string action, bool six)
    {
        var (port, localPort) = action == "peer" ? (9000, 9002) : (9001, 9003);
        return destination switch
        {
            "pod IP" => To((Server.V4, Server.V6), "server"),
            "ClusterIP" => To(ServerService, "server"),
            "headless Service" => ("out", Named("headless"), "server"),
            "headless Service, of which the first pod does not listen" => ("out", Named("first-silent"), "server"),
            "ExternalName" => ("out", Named("external"), "outside"),
            "the pod's own IP" => To((Client.V4, Client.V6), "client"),
            "the pod's own ClusterIP" => To(ClientService, "client"),
            "pod with `hostNetwork`" => To((PodNode.V4, PodNode.V6), "node"),
            "service on localhost only, by its pod IP" => To((Server.V4, Server.V6), "server", localPort),
            "service on localhost only, that a SOCKS client names" => ("socks", "--socks4a 127.0.0.1:1080 http://127.0.0.1:9002/", "server"),
            "the same, with `loopback` in `allow-destinations`" => ("socks-listed", "--socks4a 127.0.0.1:1081 http://127.0.0.1:9002/", "server"),
            _ => throw new ArgumentException($"'{destination}' is unknown here", nameof(destination)),
        };

        string Named(string name) => $"{(six ? "-6" : "-4")} http://{name}:{port}/";

        (string Listener, string Words, string Answer) To((IPAddress V4, IPAddress V6) address, string answer, int? otherPort = null) =>
            ("out", $"http://{new IPEndPoint(six ? address.V6 : address.V4, otherPort ?? port)}/", answer);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (Node is not null)
            await Node.DisposeAsync();
        _folder.Dispose();
    }
}
