using Demo.Programs;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>The loopback ports of the origin's services, or those under which a candidate relays to them.</summary>
/// <param name="Http">1 KB bodies with keep-alive.</param>
/// <param name="Iperf">iperf3.</param>
/// <param name="Source">Sends until its peer leaves.</param>
/// <param name="Sink">Counts what it receives.</param>
/// <param name="Echo">Sends back what it receives.</param>
/// <param name="Socks">Relays to the first of them for SOCKS clients, if the candidate is a pod; otherwise nobody listens there.</param>
internal sealed record RelayPorts(int Http, int Iperf, int Source, int Sink, int Echo, int Socks)
{
    /// <summary>Free ports.</summary>
    public static RelayPorts Take(FreePorts free) => new(free.Next(), free.Next(), free.Next(), free.Next(), free.Next(), free.Next());

    /// <summary>The listeners of a relay that has these ports.</summary>
    public IReadOnlyList<Route> To(RelayPorts origin) =>
    [
        new("http", Http, origin.Http), new("iperf", Iperf, origin.Iperf), new("source", Source, origin.Source),
        new("sink", Sink, origin.Sink), new("echo", Echo, origin.Echo),
    ];
}

/// <summary>One listener of a relay: where it accepts and where it connects to, both on 127.0.0.1.</summary>
internal sealed record Route(string Name, int Listen, int Target);
