using System.Text;
using Demo.Programs;
using Processes;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>HAProxy in TCP mode with two threads: alone, and as two that speak TLS with each other.</summary>
internal static class HaproxyPrograms
{
    // For 4,000 idle connections with room to spare; two descriptors each must stay under the usual limit of 20,000.
    private const int MaxConnections = 9000;

    /// <summary>TCP in, TCP out.</summary>
    public static CandidatePart Relay(Workshop shop, RelayPorts entry) => Create(shop, "haproxy", entry, shop.Origin, "", "");

    /// <summary>A: TCP in, TLS out. B: TLS in, TCP out. Tickets and resumption are on, as HAProxy has them.</summary>
    public static IReadOnlyList<CandidatePart> TlsPair(Workshop shop, FreePorts ports, RelayPorts entry)
    {
        var between = RelayPorts.Take(ports);
        var certificate = shop.Write("certificate.pem", SelfSigned.CreatePem());
        return
        [
            Create(shop, "haproxy-b", between, shop.Origin, $" ssl crt {certificate}", ""),
            Create(shop, "haproxy-a", entry, between, "", " ssl verify none"),
        ];
    }

    private static CandidatePart Create(Workshop shop, string name, RelayPorts entry, RelayPorts target, string bind, string server)
    {
        var config = new StringBuilder($"""
            global
              nbthread 2
              maxconn {MaxConnections}
            defaults
              mode tcp
              maxconn {MaxConnections}
              timeout connect 2s
              timeout client 1h
              timeout server 1h

            """);
        foreach (var route in entry.To(target))
        {
            config.AppendLine($"listen {route.Name}")
                .AppendLine($"  bind 127.0.0.1:{route.Listen}{bind}")
                .AppendLine($"  server next 127.0.0.1:{route.Target}{server}");
        }

        var path = shop.Write($"{name}.cfg", config.ToString());
        return new(new ProcessCommand(name, shop.Programs.Haproxy, "-db", "-f", path), entry.Http);
    }
}
