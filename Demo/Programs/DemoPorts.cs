using System.Net;
using System.Net.Sockets;
using Chassis;
using Chassis.Net;

namespace Demo.Programs;

/// <summary>Where each program listens: all on loopback.</summary>
internal sealed record DemoPorts
{
    public int Frontend { get; init; } = 8000;
    public int FrontendMetrics { get; init; } = 8001;
    public int Backend { get; init; } = 9000;
    public int BackendMetrics { get; init; } = 9001;
    public int Storage { get; init; } = 9080;
    public int StorageMetrics { get; init; } = 9081;
    public int Oracle { get; init; } = 9100;
    public int OracleMetrics { get; init; } = 9101;
    public SidecarPorts P1 { get; init; } = new(new(45000, 45010, 45020), Admin: 15000, Health: 15021, Metrics: 15090);
    public SidecarPorts P2 { get; init; } = new(new(45001, 45011, 45021), Admin: 15001, Health: 15022, Metrics: 15091);

    /// <summary>The ports that the documentation names.</summary>
    public static DemoPorts Usual { get; } = new();

    /// <summary>Ports that are free at this moment and that no outgoing connection will be given.</summary>
    public static DemoPorts Free()
    {
        using var claimed = new FreePorts();
        return new DemoPorts
        {
            Frontend = claimed.Next(),
            FrontendMetrics = claimed.Next(),
            Backend = claimed.Next(),
            BackendMetrics = claimed.Next(),
            Storage = claimed.Next(),
            StorageMetrics = claimed.Next(),
            Oracle = claimed.Next(),
            OracleMetrics = claimed.Next(),
            P1 = Sidecar(),
            P2 = Sidecar(),
        };

        SidecarPorts Sidecar() => new(new(claimed.Next(), claimed.Next(), claimed.Next()), claimed.Next(), claimed.Next(), claimed.Next());
    }

    /// <summary>An address of this machine alone.</summary>
    public static IPEndPoint Local(int port) => new(IPAddress.Loopback, port);

    /// <summary>The root URL of a port.</summary>
    public static Uri Url(int port, string path = "/") => new($"http://{Local(port)}{path}");

    /// <summary>Finds out before anything starts that a port is taken.</summary>
    /// <exception cref="UsageException">Names the program and the address.</exception>
    /// <param name="byKind">Whether the sidecars listen for each kind of content.</param>
    public void RefuseTaken(bool byKind)
    {
        using var sockets = new ListenSockets();
        foreach (var (program, port) in Named(byKind))
        {
            try
            {
                sockets.Bind(Local(port), program);
            }
            catch (UsageException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                var holder = PortHolder.Find(Local(port));
                throw new UsageException($"{program} '{Local(port)}': the port is in use{(holder is null ? "; stop the program that listens there" : $" by {holder}; stop it")} or run ./demo --free-ports", error);
            }
        }
    }

    private IEnumerable<(string Program, int Port)> Named(bool byKind) =>
    [
        ("storage", Storage), ("storage's metrics", StorageMetrics), ("backend", Backend), ("backend's metrics", BackendMetrics),
        ("oracle", Oracle), ("oracle's metrics", OracleMetrics),
        .. P2.Named("p2", byKind), .. P1.Named("p1", byKind), ("frontend", Frontend), ("frontend's metrics", FrontendMetrics),
    ];
}

/// <summary>Where something listens for each kind of content.</summary>
/// <param name="Catalogue">For the list of videos; for everything, where kinds are not told apart.</param>
/// <param name="Playlists">For playlists.</param>
/// <param name="Segments">For all other media files.</param>
internal sealed record KindPorts(int Catalogue, int Playlists, int Segments)
{
    /// <summary>Each with the name of its listener.</summary>
    public IReadOnlyList<(string Kind, int Port)> All => [("catalogue", Catalogue), ("playlists", Playlists), ("segments", Segments)];
}

/// <summary>The ports of one sidecar.</summary>
internal sealed record SidecarPorts(KindPorts Kinds, int Admin, int Health, int Metrics)
{
    /// <summary>The only listener, where kinds are not told apart.</summary>
    public int Listen => Kinds.Catalogue;

    public IEnumerable<(string Program, int Port)> Named(string name, bool byKind) =>
    [
        .. byKind ? Kinds.All.Select(kind => ($"{name}'s {kind.Kind}", kind.Port)) : [(name, Listen)],
        ($"{name}'s admin", Admin), ($"{name}'s health", Health), ($"{name}'s metrics", Metrics),
    ];
}
