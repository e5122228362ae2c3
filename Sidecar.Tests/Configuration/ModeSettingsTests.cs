using Chassis;
using Sidecar.Hosting;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

/// <summary>Modes of inbound ports and routes of outbound listeners, as a file gives them.</summary>
public sealed class ModeSettingsTests
{
    [Fact]
    public void File_OfAPod_GivesModesAndRoutes()
    {
        using var folder = new TempFolder();
        var listeners = Words.Load([Words.Option($"config={folder.Write("sidecar.yaml", """
            timeouts: {connect: 3s}
            upstream: {connect-rate: 50, outlier: {failures: 5, ejection-time: 4s}}
            listeners:
              - listen: ":15006"
                role: inbound
                peers: permissive
                peek-timeout: 250ms
                ports: [{port: [9090, 9091], peers: plain}, {port: 9091, peers: strict}]
              - listen: ":15001"
                role: outbound
                peek-names: on
                peek-timeout: 50ms
                routes:
                  - {destination: ["10.0.0.0/8", "*.test:443"], action: peer, peer: "gate.test:15006", transform: not, fallback: plain, timeouts: {idle: 10s}, limits: {max-connections: 7, outlier: {failures: 3}}}
                  - {destination: "169.254.0.0/16", action: deny}
                  - {destination: "*:25", action: plain, limits: {connect-rate: off, outlier: {failures: off}}}
            """)}")], []).Listeners;

        Assert.Equal(
            [PeerMode.Permissive, PeerMode.Plain, PeerMode.Plain, PeerMode.Permissive],
            ((int?[])[80, 9090, 9091, null]).Select(listeners[0].PeersOf));
        Assert.Equal(TimeSpan.FromMilliseconds(250), listeners[0].PeekTimeout);
        Assert.Equal((false, true, TimeSpan.FromMilliseconds(50)), (listeners[0].PeekNames, listeners[1].PeekNames, listeners[1].PeekTimeout));
        var routes = listeners[1].Routes;
        Assert.Equal([RouteAction.Peer, RouteAction.Deny, RouteAction.Plain], routes.Select(route => route.Action));
        Assert.Equal(("gate.test:15006", "not", true), (routes[0].Peer?.ToString(), routes[0].Transform?.ToString(), routes[0].FallsBackToPlain));
        // What a route does not set is that of the process.
        Assert.Equal(((int?)7, (int?)50), (routes[0].Limits.Connections, routes[0].Limits.ConnectRate));
        Assert.Equal(new OutlierDetection { Failures = 3, EjectionTime = TimeSpan.FromSeconds(4) }, routes[0].Limits.Outlier);
        Assert.Equal((null, null), (routes[2].Limits.ConnectRate, routes[2].Limits.Outlier));
        Assert.Equal(new UpstreamLimits { ConnectRate = 50, Outlier = new OutlierDetection { Failures = 5, EjectionTime = TimeSpan.FromSeconds(4) } }, routes[1].Limits);
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3)), (routes[0].Timeouts.Idle, routes[0].Timeouts.Connect));
        Assert.Equal(new TimeoutOptions { Connect = TimeSpan.FromSeconds(3) }, routes[1].Timeouts);
    }

    // The ports of peers are those of services on this host: no default of the own endpoints moves to one.
    [Fact]
    public void Peer_OfARoute_KeepsItsPort()
    {
        using var folder = new TempFolder();
        var options = Words.Load([Words.Option($"config={folder.Write("sidecar.yaml", "listeners: [{listen: 127.0.0.1:1, role: outbound, routes: [{destination: '*', action: peer, peer: 'gate.test:15006'}]}]\n")}")], []);

        Assert.Contains(15006, BoundAddresses.TargetPorts(options));
    }

    [Fact]
    public void Role_ThatIsWrong_IsTheOnlyError()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", "listeners:\n  - listen: 127.0.0.1:1\n    role: boss\n    routes: [{destination: '*', action: plain}]\n");

        var refused = Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}")], []));

        Assert.StartsWith($"{file}:3: listeners.0.role 'boss': ", Assert.Single(refused.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inbound", "peers: lax", ":4: listeners.0.peers 'lax': ")]
    [InlineData("inbound", "ports: permissive", ":4: listeners.0.ports 'permissive': a list is expected")]
    [InlineData("inbound", "ports: [8080]", ":4: listeners.0.ports.0 '8080': 'port' and 'peers' are expected below it")]
    [InlineData("inbound", "ports: [{port: 8080}]", ":4: listeners.0.ports.0.port: listeners.0.ports.0.peers is missing in this entry")]
    [InlineData("inbound", "ports: [{port: 0, peers: plain}]", ":4: listeners.0.ports.0.port '0': ")]
    [InlineData("inbound", "peek-timeout: 50ms", ":4: listeners.0.peek-timeout '50ms': only with peers: permissive are the first bytes looked at")]
    [InlineData("inbound", "routes: [{destination: '*', action: plain}]", ": only an outbound listener has routes")]
    [InlineData("outbound", "peers: plain", ":4: listeners.0.peers 'plain': only an inbound listener has it")]
    [InlineData("outbound", "ports: [{port: 80, peers: plain}]", ": only an inbound listener has modes of ports")]
    [InlineData("outbound", "routes: [{destination: '*'}]", ": listeners.0.routes.0.action is missing in this entry")]
    [InlineData("outbound", "routes: [{destination: '*', action: pass}]", ":4: listeners.0.routes.0.action 'pass': ")]
    [InlineData("outbound", "routes: [{destination: '*', action: plain, transform: not}]", ":4: listeners.0.routes.0.transform 'not': only a route with action: peer has it")]
    [InlineData("outbound", "routes: [{destination: '*', action: deny, peer: 'a:1'}]", ":4: listeners.0.routes.0.peer 'a:1': only a route with action: peer has it")]
    [InlineData("outbound", "routes: [{destination: '*', action: deny, timeouts: {idle: 1s}}]", ":4: listeners.0.routes.0.timeouts.idle '1s': a route with action: deny has no limits")]
    [InlineData("outbound", "routes: [{destination: '*', action: deny, limits: {max-pending: 1}}]", ":4: listeners.0.routes.0.limits.max-pending '1': a route with action: deny has no limits")]
    [InlineData("outbound", "routes: [{destination: '*', action: plain, limits: {outlier: {ejection-time: 1s}}}]", ":4: listeners.0.routes.0.limits.outlier.ejection-time '1s': no address is ejected without listeners.0.routes.0.limits.outlier.failures")]
    [InlineData("outbound", "routes: [{destination: '*', action: plain, timeouts: {idel: 1s}}]", ":4: listeners.0.routes.0.timeouts.idel: unknown key; the nearest known one is listeners.0.routes.0.timeouts.idle")]
    [InlineData("outbound", "routes: [{destination: '*', action: peer, peer: '127.0.0.1:1'}]", ": its peer 127.0.0.1:1 is this sidecar itself")]
    [InlineData("outbound", "routes: [{destination: '*', action: peer, peer: '127.0.0.1:15042'}]", ": its peer 127.0.0.1:15042 is in the range 15000 to 15099")]
    [InlineData("inbound", "peek-names: on", ":4: listeners.0.peek-names 'on': only an outbound listener has it")]
    [InlineData("outbound", "peek-names: on", ":4: listeners.0.peek-names 'on': no route of this listener has a name")]
    [InlineData("outbound", "peek-names: on\n    routes: [{destination: 10.0.0.1, action: plain}]", ":4: listeners.0.peek-names 'on': no route of this listener has a name")]
    [InlineData("outbound", "peek-names: maybe\n    routes: [{destination: a.test, action: plain}]", ":4: listeners.0.peek-names 'maybe': ")]
    [InlineData("outbound", "mode: socks4\n    peek-names: on\n    routes: [{destination: a.test, action: plain}]", ":5: listeners.0.peek-names 'on': a SOCKS client names its destination")]
    [InlineData("outbound", "routes: [{destination: [10.0.0.1, '*.a.test'], action: plain}]", ":4: listeners.0.routes.0.destination.1 '*.a.test': in mode transparent a name matches only what a client sends")]
    [InlineData("outbound", "peek-timeout: 50ms", ":4: listeners.0.peek-timeout '50ms': only with peek-names: on are the first bytes looked at")]
    [InlineData("alone", "peek-timeout: 50ms", ":4: listeners.0.peek-timeout '50ms': only inbound and outbound listeners look at the first bytes")]
    [InlineData("outbound", "target: 'a:1'\n    routes: [{destination: '*', action: plain}]", "an outbound listener with a fixed target does not know the destination; use mode transparent or socks4")]
    public void File_ThatMakesNoSense_IsRefusedWithItsLine(string role, string setting, string error)
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", $"listeners:\n  - listen: 127.0.0.1:1\n    role: {role}\n    {setting}\n");

        var refused = Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}")], []));

        Assert.Contains(error, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_InRoutesOfASocksListener_NeedNoPeeking() =>
        Assert.False(Assert.Single(Words.Named("listeners.0.listen=:1", "listeners.0.role=p1", "listeners.0.mode=socks4", "listeners.0.routes.0.destination=a.test", "listeners.0.routes.0.action=plain").Listeners).PeekNames);

    [Theory]
    [InlineData("oracle.address=a:1", "'on': only in dialect v1x can the Oracle answer plain")]
    [InlineData("listeners.0.role=alone", "'on': there is no Oracle")]
    public void OraclePlain_WithoutAnOracleThatCanAnswerIt_IsRefused(string other, string error) =>
        Assert.Contains(error, Assert.Throws<UsageException>(() => Words.Named("listeners.0.listen=:1", other, "oracle.plain=on")).Message, StringComparison.Ordinal);

    [Fact]
    public void OraclePlain_IsOffUnlessAskedFor()
    {
        string[] oracle = ["listeners.0.listen=:1", "listeners.0.role=p1", "oracle.address=a:1", "oracle.dialect=v1x"];
        Assert.False(Assert.Single(Words.Named(oracle).Listeners).OraclePlain);
        Assert.True(Assert.Single(Words.Named([.. oracle, "oracle.plain=on"]).Listeners).OraclePlain);
    }
}
