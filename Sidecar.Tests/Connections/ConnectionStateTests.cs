using System.Net;
using ByteFilters;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Connections;

public sealed class ConnectionStateTests
{
    private static readonly HostPort Somewhere = new("192.0.2.1", 80);

    // The stages of each role in their order, as ProxyPipeline has them.
    [Theory]
    [InlineData(SidecarRole.Alone, false, "handshake route:connecting transform:connecting upstream:handshake relay:relaying end:half_closed other:closing complete:closing")]
    [InlineData(SidecarRole.Alone, true, "handshake route:handshake transform:connecting upstream:handshake relay:relaying fail:closing")]
    [InlineData(SidecarRole.Outbound, true, "connecting upstream:handshake transform:handshake relay:relaying end:half_closed complete:closing")]
    [InlineData(SidecarRole.Inbound, true, "handshake route:handshake transform:connecting upstream:handshake relay:relaying complete:closing")]
    [InlineData(SidecarRole.Inbound, true, "handshake fail:closing")]
    public void State_StageByStage_FollowsWhatIsNoted(SidecarRole role, bool withOracle, string way)
    {
        var listener = Stage.Listener(role, target: "192.0.2.1:80") with { Oracle = withOracle ? Somewhere : null };
        var info = Stage.Open(new MemoryConnection(), listener);
        foreach (var step in way.Split(' '))
        {
            var (noted, state) = step.Contains(':', StringComparison.Ordinal) ? (step.Split(':')[0], step.Split(':')[1]) : ("", step);
            Note(info, noted);
            Assert.Equal((noted, state), (noted, info.State().Word()));
        }
    }

    private static void Note(ConnectionInfo info, string what)
    {
        switch (what)
        {
            case "route":
                info.Destination = Somewhere;
                break;
            case "transform":
                info.Transform = TransformExpression.Identity;
                break;
            case "upstream":
                info.Upstream = new UpstreamAddress(IPEndPoint.Parse("192.0.2.1:80"));
                break;
            case "relay":
                info.Relay = new StandingRelay();
                break;
            case "end":
                info.UpstreamBytes.EndOfStream();
                break;
            case "other":
                info.Downstream.EndOfStream();
                break;
            case "complete":
                info.Complete();
                break;
            case "fail":
                info.End(RelayEndReason.ClientReset);
                break;
        }
    }

    private sealed class StandingRelay : IRelay
    {
        public IRelayDirection this[Direction direction] => throw new NotSupportedException();
    }
}
