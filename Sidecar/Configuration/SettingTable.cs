using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>The named options. Options of a listener set the first listener; more listeners need a file.</summary>
internal static class SettingTable
{
    private static readonly SidecarOptions Defaults = new() { Listeners = [] };
    private static readonly OutlierDetection Outlier = new();

    public static readonly IReadOnlyList<SettingOption> Options =
    [
        new("--config", ConfigKey, "FILE", "YAML file with any of these settings, and with several listeners; read again when it changes and on SIGHUP"),
        new("--listen", "listeners.0.listen", "ADDRESS:PORT", "Address to listen on; a port alone means all addresses"),
        new("--role", "listeners.0.role", "ROLE", "alone, outbound (aliases p1, client) or inbound (aliases p2, server) [default: alone]"),
        new("--mode", "listeners.0.mode", "MODE", "Source of the destination: fixed (--target), transparent (iptables) or socks4 (the client) [default: fixed with a target, transparent without]"),
        new("--target", "listeners.0.target", "HOST:PORT", "alone: the destination; outbound: the address of the inbound sidecar; inbound: the service [default: the original destination]"),
        new("--oracle", "oracle.address", "HOST:PORT", "The Oracle that authorizes each connection and chooses its transform"),
        new("--oracle-dialect", "oracle.dialect", "v1|v1x", "v1, as in the Lisp programs; v1x also sends listener and destination, accepts any transform and keeps connections open [default: v1]"),
        new("--oracle-plain", "oracle.plain", "on|off", "An outbound listener asks the Oracle before it greets whether the connection should be a plain one; needs v1x [default: off]"),
        new("--transform", "listeners.0.transform", "EXPRESSION", "Transform if there is no Oracle: idt, not, (xor 42), (chain ...), or @FILE with the expression in it; see docs/transforms.md [default: idt]; no transform is encryption"),
        new("--allow-clients", "listeners.0.allow-clients", "CIDR,...", "Clients that may use a socks4 listener [default: loopback]"),
        new("--allow-destinations", "listeners.0.allow-destinations", "RULE,...", "Destinations that an inbound listener may connect to: pod, original, loopback, CIDR, CIDR:port [default: pod,original]; its target is always allowed"),
        new("--deny-destinations", "listeners.0.deny-destinations", "RULE,...", "Destinations that an inbound listener may not connect to, even if they are allowed [default: none]"),
        new("--peers", "listeners.0.peers", "MODE", "Clients of an inbound listener: strict (only outbound sidecars), permissive (plain clients too) or plain (only plain clients) [default: strict]"),
        new("--peek-names", "listeners.0.peek-names", "on|off", "Names in routes of an outbound listener match the TLS server name or HTTP host that a client sends [default: off]"),
        new("--peek-timeout", "listeners.0.peek-timeout", "TIME", $"permissive: a client that is silent for this time counts as plain; peek-names: as one without a name [default: {Values.Display(ListenerOptions.DefaultPeekTimeout)}]"),
        new("--accept-proxy", "listeners.0.accept-proxy", "on|off", "Every connection must start with a PROXY header (v1 or v2) that names the client [default: off]"),
        new("--proxy-clients", "listeners.0.proxy-clients", "CIDR,...", "Proxies that may connect to this listener and send a PROXY header; all others are refused [default: loopback]"),
        new("--send-proxy", "listeners.0.send-proxy", "v1|v2|off", "Sends a PROXY header that names the client to the upstream, before all other bytes [default: off]"),
        new("--observe", "listeners.0.observe", "on|off", "Observes HTTP/1, HTTP/2 and gRPC exchanges, for metrics and records [default: on; off for outbound]"),
        .. ProcessSettings.Observation,
        .. ProcessSettings.Endpoints,
        new("--connection-records", "connection-records.path", "FILE", $"One JSON line for each ended connection; - is stdout, off is none [default: {Defaults.ConnectionRecords}]"),
        .. ProcessSettings.Records,
        new("--handshake-timeout", "timeouts.handshake", "TIME", $"Time limit for each message of a handshake [default: {Values.Display(Defaults.Timeouts.Handshake)}]"),
        new("--connect-timeout", "timeouts.connect", "TIME", $"Time limit for connecting to the upstream [default: {Values.Display(Defaults.Timeouts.Connect)}]"),
        new("--connect-attempts", "upstream.connect-attempts", "COUNT", $"Rounds over all addresses of an upstream, with growing pauses between them [default: {Defaults.ConnectAttempts}]"),
        new("--attempt-delay", "upstream.attempt-delay", "TIME", $"Time until the next address of an upstream is tried too; shorter if the connect timeout is too short for all addresses [default: {Values.Display(Defaults.AttemptDelay)}]"),
        new("--upstream-max-connections", "upstream.max-connections", "COUNT|off", "Most connections at once to one address and port of an upstream [default: off]"),
        new("--upstream-max-pending", "upstream.max-pending", "COUNT|off", "Most connects at once to one address that has not accepted yet [default: off]"),
        new("--upstream-connect-rate", "upstream.connect-rate", "COUNT|off", "Most connects to one address in a second [default: off]"),
        new("--outlier-failures", "upstream.outlier.failures", "COUNT|off", $"Failed connects in a row after which an address is ejected, such as {Outlier.Failures} [default: off]"),
        new("--outlier-ejection-time", "upstream.outlier.ejection-time", "TIME", $"Time of the first ejection of an address; each further one is longer by this time [default: {Values.Display(Outlier.EjectionTime)}]"),
        new("--outlier-max-ejection-time", "upstream.outlier.max-ejection-time", "TIME", $"Longest ejection [default: {Values.Display(Outlier.MaxEjectionTime)}]"),
        new("--idle-timeout", "timeouts.idle", "TIME", $"Closes a connection after this time without a byte in either direction [default: {Values.Display(Defaults.Timeouts.Idle)}]"),
        new("--half-closed-timeout", "timeouts.half-closed", "TIME", $"The same when one direction has ended [default: {Values.Display(Defaults.Timeouts.HalfClosed)}]"),
        new("--drain", "drain", "TIME", $"Time that live connections have to end after SIGTERM or POST /drain; a second signal ends this time [default: {Values.Display(Defaults.Drain)}]"),
        new("--drain-delay", "drain-delay", "TIME", $"Time after SIGTERM or POST /drain in which inbound listeners go on accepting, because clients still come; --drain begins after it [default: {Values.Display(Defaults.DrainDelay)}]"),
        new("--max-connections", "limits.connections", "COUNT", "Most connections at once [default, and upper limit: (open file limit - 512) / 2]"),
        new("--listener-max-connections", "listeners.0.max-connections", "COUNT", "Most connections at once of this listener [default: only --max-connections]"),
        new("--max-client-connections", "listeners.0.max-client-connections", "COUNT", "Most connections at once of one client (IPv6: of one /64 network) of an inbound listener; own addresses and proxies have no limit [default: a quarter of the listener's and of the process's limit]"),
        new("--max-client-handshakes", "listeners.0.max-client-handshakes", "COUNT", "Most connections at once of one client of an inbound listener that are not relayed yet [default: only --max-client-connections]"),
        new("--backlog", "limits.backlog", "COUNT", $"Most connections of a listener that wait to be accepted; never more than net.core.somaxconn [default: {Defaults.Backlog}]"),
        new("--transport", "transport", "KIND", "epoll: the sidecar's own event loops (Linux only); sockets: the sockets of .NET [default: epoll on Linux]"),
        new("--loops", "loops", "COUNT", "Event loops of the epoll transport [default: one for each core]"),
        new("--tcp-no-delay", "tcp.no-delay", "on|off", "Send small segments at once (TCP_NODELAY) [default: on]"),
        new("--tcp-keep-alive", "tcp.keep-alive", "TIME|off", $"Silence after which the kernel probes the peer (SO_KEEPALIVE); at most 30s when one side has ended [default: {Values.Display(Defaults.Tcp.KeepAlive!.Value)}]"),
        new("--tcp-user-timeout", "tcp.user-timeout", "TIME|off", "How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT) [default: the kernel's limit]"),
        ProcessSettings.LogLevel,
    ];

    /// <summary>The key that names the file, so a file cannot have it.</summary>
    public const string ConfigKey = "config";
}
