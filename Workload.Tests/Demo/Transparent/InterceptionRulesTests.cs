using Demo.Transparent;
using Xunit;

namespace Workload.Tests.Demo.Transparent;

public sealed class InterceptionRulesTests
{
    [Fact]
    public void OwnChains_OfAListing_AreThoseOfTheSidecar()
    {
        string[] listing =
        [
            "Chain PREROUTING (policy ACCEPT 3 packets, 180 bytes)", "    pkts  bytes target", "       3    180 SIDECAR_INBOUND  6", "",
            "Chain SIDECAR_INBOUND (1 references)", "    pkts  bytes target", "       2    120 REDIRECT  6", "",
            "Chain DOCKER (2 references)", "    pkts  bytes target", "",
            "Chain SIDECAR_OUTPUT (1 references)", "    pkts  bytes target",
        ];

        Assert.Equal(
            ["Chain SIDECAR_INBOUND (1 references)", "    pkts  bytes target", "       2    120 REDIRECT  6", "Chain SIDECAR_OUTPUT (1 references)", "    pkts  bytes target"],
            InterceptionRules.OwnChains(listing));
    }
}
