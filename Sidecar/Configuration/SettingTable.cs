using System.Net;
using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>The named options. Those of a listener set the first one; more listeners need a file.</summary>
internal static class SettingTable
{
    private static readonly SidecarOptions Defaults = new() { Listeners = [] };

    public static readonly IReadOnlyList<SettingOption> Options =
    [
        new("--config", ConfigKey, "FILE", "YAML file with any of these settings, and with several listeners; read again when it changes, and on SIGHUP"),
        new("--listen", "listeners.0.listen", "ADDRESS:PORT", "Where to listen; a port alone means all addresses"),
        new("--role", "listeners.0.role", "ROLE", "alone, outbound (aliases p1, client) or inbound (aliases p2, server) [default: alone]"),
        new("--mode", "listeners.0.mode", "MODE", "How the destination is found: fixed, transparent (iptables) or socks4 [default: fixed]"),
        new("--target", "listeners.0.target", "HOST:PORT", "alone: the destination; outbound: the address of the inbound sidecar; inbound: the service [default: the original destination]"),
        new("--oracle", "oracle.address", "HOST:PORT", "The Oracle that authorizes each connection and chooses its transform"),
        new("--oracle-dialect", "oracle.dialect", "v1|v1x", "v1, as the Lisp programs speak; v1x also tells listener and destination, takes any transform and keeps connections [default: v1]"),
        new("--transform", "listeners.0.transform", "EXPRESSION", "When there is no Oracle: idt, not, (xor 42), (chain ...), or @FILE, which has it; see docs/transforms.md [default: idt]; no transform is encryption"),
        new("--allow-clients", "listeners.0.allow-clients", "CIDR,...", "Clients that may use a socks4 listener [default: loopback]"),
        new("--allow-destinations", "listeners.0.allow-destinations", "RULE,...", "Where an inbound listener may connect: pod, original, loopback, CIDR, CIDR:port [default: pod,original]; its target is always allowed"),
        new("--deny-destinations", "listeners.0.deny-destinations", "RULE,...", "Where an inbound listener may not connect, whatever is allowed [default: none]"),
        new("--accept-proxy", "listeners.0.accept-proxy", "on|off", "Every connection must start with a PROXY header (v1 or v2), which names the client [default: off]"),
        new("--proxy-clients", "listeners.0.proxy-clients", "CIDR,...", "Proxies whose header is believed; nobody else may connect to this listener [default: loopback]"),
        new("--send-proxy", "listeners.0.send-proxy", "v1|v2|off", "Starts the upstream's bytes with a PROXY header that names the client [default: off]"),
        new("--observe", "listeners.0.observe", "on|off", "Watches HTTP/1, HTTP/2 and gRPC exchanges as they pass, for metrics and records [default: on; off for outbound]"),
        new("--observe-head-bytes", "observation.head-bytes", "COUNT", $"Most bytes of a request's or response's head that are kept; a longer one is cut in its record [default: {Defaults.Observation.HeadBytes}]"),
        new("--observe-memory", "observation.memory", "SIZE", $"Most memory for all that is kept of exchanges, of all connections; beyond it heads are cut, then observation ends where it holds most [default: {Values.DisplaySize(ObservationLimits.DefaultMemory)}, or a quarter of a small container's]"),
        new("--metrics-address", "metrics.address", "ADDRESS:PORT", $"Serves /metrics [default: {Port(Defaults.Metrics)}, or the next free port]"),
        new("--health-address", "health.address", "ADDRESS:PORT", $"Serves /healthz and /readyz [default: {Port(Defaults.Health)}, or the next free port]"),
        new("--metrics-hosts", "metrics.hosts", "NAME,...", "More hosts that /metrics is served for, such as *.example.org [default: addresses, names without a dot, this machine's and a cluster's]"),
        new("--health-hosts", "health.hosts", "NAME,...", "More hosts that /healthz and /readyz are served for"),
        new("--admin-address", "admin.address", "ADDRESS:PORT", $"Serves the admin endpoints; unix:PATH for this user alone, off for nobody [default: {Defaults.Admin!.Address}, or the next free port]"),
        new("--connection-records", "connection-records.path", "FILE", $"One JSON line for each ended connection; - is stdout, off is none [default: {Defaults.ConnectionRecords}]"),
        .. RecordSettings.Options,
        new("--handshake-timeout", "timeouts.handshake", "TIME", $"For each message of a handshake [default: {Values.Display(Defaults.Timeouts.Handshake)}]"),
        new("--connect-timeout", "timeouts.connect", "TIME", $"For the upstream to accept [default: {Values.Display(Defaults.Timeouts.Connect)}]"),
        new("--connect-attempts", "upstream.connect-attempts", "COUNT", $"Rounds over all addresses of an upstream, with a growing pause between [default: {Defaults.ConnectAttempts}]"),
        new("--attempt-delay", "upstream.attempt-delay", "TIME", $"Until the next address of an upstream is tried beside the ones before; less where there are many for the connect timeout [default: {Values.Display(Defaults.AttemptDelay)}]"),
        new("--idle-timeout", "timeouts.idle", "TIME", $"Without a byte in either direction [default: {Values.Display(Defaults.Timeouts.Idle)}]"),
        new("--half-closed-timeout", "timeouts.half-closed", "TIME", $"Without a byte once one direction has ended [default: {Values.Display(Defaults.Timeouts.HalfClosed)}]"),
        new("--drain", "drain", "TIME", $"For live connections after SIGTERM or POST /drain; a second signal ends it [default: {Values.Display(Defaults.Drain)}]"),
        new("--max-connections", "limits.connections", "COUNT", "Connections at once [default, and most: (open file limit - 512) / 2]"),
        new("--listener-max-connections", "listeners.0.max-connections", "COUNT", "Connections at once of the listener alone [default: no limit of its own]"),
        new("--backlog", "limits.backlog", "COUNT", $"Connections of a listener that may wait to be accepted; net.core.somaxconn cuts it [default: {Defaults.Backlog}]"),
        new("--transport", "transport", "KIND", "epoll (Linux), the sidecar's own event loops, or sockets, the framework's [default: epoll on Linux]"),
        new("--loops", "loops", "COUNT", "Event loops of the epoll transport [default: one for each core]"),
        new("--tcp-no-delay", "tcp.no-delay", "on|off", "Send small segments at once (TCP_NODELAY) [default: on]"),
        new("--tcp-keep-alive", "tcp.keep-alive", "TIME|off", "Silence after which the kernel probes the peer (SO_KEEPALIVE), at most 30s once one side has ended [default: off until then]"),
        new("--tcp-user-timeout", "tcp.user-timeout", "TIME|off", "How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT) [default: the kernel's]"),
        new("--log-level", "log.level", "LEVEL", "trace, debug, info, warning, error or none [default: info]"),
    ];

    /// <summary>Names the file itself, so it is not looked for in the file.</summary>
    public const string ConfigKey = "config";

    private static int Port(EndpointOptions endpoint) => ((IPEndPoint)endpoint.Address).Port;
}
