using Sidecar.Connections;
using Xunit;

namespace Sidecar.Tests.Connections;

public sealed class RelayEndReasonTests
{
    // The contract with dashboards and alerts: a renamed value breaks them.
    private const string Words = """
        completed client_reset upstream_reset client_truncated upstream_truncated idle_timeout half_closed_timeout connect_failed
        connect_timeout upstream_limit circuit_open handshake_failed handshake_timeout peer_refused oracle_denied oracle_unreachable oracle_timeout
        no_original_destination destination_not_allowed self_call limit_reached client_limit draining protocol_error late_greeting transform_error
        admin_closed internal_error
        """;

    [Fact]
    public void Words_OfAllReasons_AreThePublishedOnes() =>
        Assert.Equal(Words.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries), Enum.GetValues<RelayEndReason>().Select(r => r.Word()));
}
