using System.Net;
using System.Net.Sockets;
using Chassis;
using Chassis.Net;

namespace Demo.Programs;

/// <summary>Where each program listens: all on loopback.</summary>
internal sealed record DemoPorts
{
    public int Frontend { get; init; } = 8000;
    public int Backend { get; init; } = 9000;
    public int Storage { get; init; } = 9080;
    public int Oracle { get; init; } = 9100;
    public int OracleMetrics { get; init; } = 9101;
    public SidecarPorts P1 { get; init; } = new(45000, Admin: 15000, Health: 15021, Metrics: 15090);
    public SidecarPorts P2 { get; init; } = new(45001, Admin: 15001, Health: 15022, Metrics: 15091);

    /// <summary>The ports that the documentation names.</summary>
    public static DemoPorts Usual { get; } = new();

    /// <summary>Ports that are free at this moment and that no outgoing connection will be given.</summary>
    public static DemoPorts Free()
    {
        using var claimed = new FreePorts();
        return new DemoPorts
        {
            Frontend = claimed.Next(),
            Backend = claimed.Next(),
            Storage = claimed.Next(),
            Oracle = claimed.Next(),
            OracleMetrics = claimed.Next(),
            P1 = new(claimed.Next(), claimed.Next(), claimed.Next(), claimed.Next()),
            P2 = new(claimed.Next(), claimed.Next(), claimed.Next(), claimed.Next()),
        };
    }

    /// <summary>An address of this machine alone.</summary>
    public static IPEndPoint Local(int port) => new(IPAddress.Loopback, port);

    /// <summary>The root URL of a port.</summary>
    public static Uri Url(int port, string path = "/") => new($"http://{Local(port)}{path}");

    /// <summary>Finds out before anything starts that a port is taken.</summary>
    /// <exception cref="UsageException">Names the program and the address.</exception>
    public void RefuseTaken()
    {
        using var sockets = new ListenSockets();
        foreach (var (program, port) in Named())
        {
            try
            {
                sockets.Bind(Local(port), program);
            }
            catch (UsageException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                throw new UsageException($"{program} '{Local(port)}': the port is in use; stop the program that listens there or run ./demo --free-ports", error);
            }
        }
    }

    private IEnumerable<(string Program, int Port)> Named() =>
    [
        ("storage", Storage), ("backend", Backend), ("oracle", Oracle), ("oracle's metrics", OracleMetrics),
        .. P2.Named("p2"), .. P1.Named("p1"), ("frontend", Frontend),
    ];
}

/// <summary>The ports of one sidecar.</summary>
internal sealed record SidecarPorts(int Listen, int Admin, int Health, int Metrics)
{
    public IEnumerable<(string Program, int Port)> Named(string name) =>
        [(name, Listen), ($"{name}'s admin", Admin), ($"{name}'s health", Health), ($"{name}'s metrics", Metrics)];
}
