namespace Sidecar.Tests.Interception;

/// <summary>
/// Calls to a sidecar's own ports, and how each ends. docs/iptables.md holds the same table, to the letter.
/// self_call, destination_not_allowed: the sidecar ends the connection and records this reason. served: the endpoint answers,
/// as it is meant to. refused: nobody listens there (ECONNREFUSED). own: that address is the caller's own pod.
/// </summary>
internal static class MaliciousCalls
{
    public const string Table = """
        | port | caller | 127.0.0.1 | pod's IPv4 | ::1 | pod's IPv6 | ::ffff:127.0.0.1 | ::ffff:pod's IPv4 | 0.0.0.0 | :: |
        |---|---|---|---|---|---|---|---|---|---|
        | outbound 45000 | application | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | outbound 45000 | sidecar's user | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | outbound 45000 | another pod | own | self_call | own | self_call | own | self_call | own | own |
        | outbound 45000 | another pod, redirected | own | upstream_reset | own | upstream_reset | own | upstream_reset | own | own |
        | outbound 45000 | anyone, through inbound | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | inbound 45001 | application | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | inbound 45001 | sidecar's user | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | inbound 45001 | another pod | own | self_call | own | self_call | own | self_call | own | own |
        | inbound 45001 | another pod, redirected | own | peer_refused | own | peer_refused | own | peer_refused | own | own |
        | inbound 45001 | anyone, through inbound | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | admin 15000 | application | served | refused | refused | refused | served | refused | served | refused |
        | admin 15000 | sidecar's user | served | refused | refused | refused | served | refused | served | refused |
        | admin 15000 | another pod | own | refused | own | refused | own | refused | own | own |
        | admin 15000 | another pod, redirected | own | connect_failed | own | connect_failed | own | connect_failed | own | own |
        | admin 15000 | anyone, through inbound | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | health 15021 | application | served | served | served | served | served | served | served | served |
        | health 15021 | sidecar's user | served | served | served | served | served | served | served | served |
        | health 15021 | another pod | own | served | own | served | own | served | own | own |
        | health 15021 | another pod, redirected | own | protocol_error | own | protocol_error | own | protocol_error | own | own |
        | health 15021 | anyone, through inbound | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | metrics 15090 | application | served | served | served | served | served | served | served | served |
        | metrics 15090 | sidecar's user | served | served | served | served | served | served | served | served |
        | metrics 15090 | another pod | own | served | own | served | own | served | own | own |
        | metrics 15090 | another pod, redirected | own | protocol_error | own | protocol_error | own | protocol_error | own | own |
        | metrics 15090 | anyone, through inbound | self_call | self_call | self_call | self_call | self_call | self_call | self_call | self_call |
        | another sidecar's 15099 | application | refused | refused | refused | refused | refused | refused | refused | refused |
        | another sidecar's 15099 | sidecar's user | refused | refused | refused | refused | refused | refused | refused | refused |
        | another sidecar's 15099 | another pod | own | refused | own | refused | own | refused | own | own |
        | another sidecar's 15099 | another pod, redirected | own | connect_failed | own | connect_failed | own | connect_failed | own | own |
        | another sidecar's 15099 | anyone, through inbound | destination_not_allowed | destination_not_allowed | destination_not_allowed | destination_not_allowed | destination_not_allowed | destination_not_allowed | destination_not_allowed | destination_not_allowed |
        """;

    /// <summary>The addresses of the columns, the pod's being those of the tests' server pod.</summary>
    public static readonly IReadOnlyList<string> Addresses =
        ["127.0.0.1", "10.77.0.2", "::1", "fd00:77::2", "::ffff:127.0.0.1", "::ffff:10.77.0.2", "0.0.0.0", "::"];

    /// <summary>The cells: port, caller, address and outcome.</summary>
    public static IEnumerable<(int Port, string Caller, string Address, string Outcome)> All =>
        from row in Table.Split('\n').Skip(2)
        let cells = row.Split('|', StringSplitOptions.TrimEntries)[1..^1]
        from column in Enumerable.Range(0, Addresses.Count)
        select (int.Parse(cells[0].Split(' ')[^1]), cells[1], Addresses[column], cells[column + 2]);
}
