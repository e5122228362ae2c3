using System.Net;
using Chassis;
using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class OptionsReaderTests
{
    private const string Listen = "listeners.0.listen=127.0.0.1:45000";

    [Fact]
    public void Load_ListenAlone_HasTheDocumentedDefaults()
    {
        var options = Words.Named(Listen);
        Assert.Equal((15090, 15021, 15000), (Address(options.Metrics).Port, Address(options.Health).Port, Address(options.Admin).Port));
        Assert.Equal("127.0.0.1", Address(options.Admin).Address.ToString());
        Assert.All([options.Metrics, options.Health, options.Admin], e => Assert.Null(e!.Origin));
        Assert.Equal(new TimeoutOptions
        {
            Handshake = TimeSpan.FromSeconds(3),
            Connect = TimeSpan.FromSeconds(2),
            Idle = TimeSpan.FromHours(1),
            HalfClosed = TimeSpan.FromMinutes(5),
        }, options.Timeouts);
        var listener = Assert.Single(options.Listeners);
        Assert.Equal(("alone", SidecarRole.Alone, ListenerMode.Transparent, "idt"), (listener.Name, listener.Role, listener.Mode, listener.Transform.ToString()));
    }

    [Fact]
    public void Load_Layers_CommandLineOverEnvironmentOverFile()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", """
            listeners:
              - listen: 127.0.0.1:1111
                role: p1
                target: p2.test:45001
              - listen: 127.0.0.1:2222
                role: p2
                target: 127.0.0.1:9000
                allow-destinations: [pod, 10.0.0.0/8]
            timeouts: {handshake: 1s, connect: 1s, idle: 1s}
            """);
        var options = Words.Load(
            [Words.Option($"config={file}"), Words.Option("timeouts.idle=3s")],
            [new Setting("timeouts.idle", "2s", "SIDECAR__TIMEOUTS__IDLE"), new Setting("timeouts.connect", "2s", "SIDECAR__TIMEOUTS__CONNECT")]);
        Assert.Equal(
            (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)),
            (options.Timeouts.Handshake, options.Timeouts.Connect, options.Timeouts.Idle));
        Assert.Equal(["outbound", "inbound"], options.Listeners.Select(l => l.Name));
        Assert.Equal(2, options.Listeners[1].AllowDestinations.Count);
    }

    [Fact]
    public void Load_ListenersOfOneRole_AreNamedApartByTheirPorts() =>
        Assert.Equal(["alone-1", "alone-2"], Words.Named("listeners.0.listen=:1", "listeners.1.listen=:2").Listeners.Select(l => l.Name));

    [Theory]
    [InlineData("listeners.0.listen=127.0.0.1:70000", "--listen '127.0.0.1:70000': a port 0 to 65535 is expected")]
    [InlineData("listeners.0.listen=example.test:80", "--listen 'example.test:80': an IP address to listen on is expected")]
    [InlineData("listeners.0.listen=::1:80", "--listen '::1:80': address:port is expected, an IPv6 address in brackets")]
    [InlineData("listeners.0.role=p3", "--role 'p3': alone, outbound (p1, client) or inbound (p2, server) is expected")]
    [InlineData("listeners.0.mode=magic", "--mode 'magic': one of fixed, transparent, socks4 is expected")]
    [InlineData("listeners.0.target=nowhere", "--target 'nowhere': host:port is expected")]
    [InlineData("listeners.0.target=a b:80", "--target 'a b:80': a host name or IP address is expected")]
    [InlineData("listeners.0.transform=rot13", "--transform 'rot13': 1:1: an expression expected, got rot13")]
    [InlineData("listeners.0.transform=xor 256", "--transform 'xor 256': 1:5: a byte 0..255 expected, got 256")]
    [InlineData("listeners.0.max-client-connections=5", "--max-client-connections '5': only an inbound listener has a limit for each client")]
    [InlineData("listeners.0.max-client-handshakes=5", "--max-client-handshakes '5': only an inbound listener has a limit for each client")]
    [InlineData("drain-delay=2", "--drain-delay '2': a duration with its unit is expected, such as 500ms, 3s, 5m or 1h")]
    [InlineData("listeners.0.allow-destinations=pod", "--allow-destinations 'pod': only an inbound listener has a list of allowed destinations")]
    [InlineData("listeners.0.allow-clients=10.0.0.0/8", "--allow-clients '10.0.0.0/8': only a socks4 listener")]
    [InlineData("listeners.0.accept-proxy=v1", "--accept-proxy 'v1': one of on, off, true, false is expected")]
    [InlineData("listeners.0.send-proxy=on", "--send-proxy 'on': one of v1, v2, off is expected")]
    [InlineData("listeners.0.proxy-clients=10.0.0.0/8", "--proxy-clients '10.0.0.0/8': only a listener with accept-proxy: on has a list of proxies; switch accept-proxy on or remove")]
    [InlineData("listeners.0.proxy-clients=", "--proxy-clients '': a value is missing")]
    [InlineData("listeners.0.allow-destinations=", "--allow-destinations '': a value is missing")]
    [InlineData("listeners.0.allow-clients= ", "--allow-clients ' ': a value is missing")]
    [InlineData("listeners.0.allow-destinations.00=pod", "listeners.0.allow-destinations.00")]
    [InlineData("oracle.dialect=v2", "--oracle-dialect 'v2': one of v1, v1x is expected")]
    [InlineData("oracle.dialect=v1x", "--oracle-dialect 'v1x': there is no Oracle; give its address (--oracle) or remove the dialect")]
    [InlineData("oracle.address=oracle", "--oracle 'oracle': host:port is expected")]
    [InlineData("metrics.address=x", "--metrics-address 'x': a port 0 to 65535 is expected")]
    [InlineData("timeouts.idle=0s", "--idle-timeout '0s': a duration from 1ms to 24h is expected")]
    [InlineData("timeouts.connect=2", "--connect-timeout '2': a duration with its unit is expected")]
    [InlineData("listeners.0.max-connections=0", "--listener-max-connections '0': a whole number 1 to 10000000 is expected")]
    [InlineData("limits.backlog=many", "--backlog 'many': a whole number 1 to 1000000 is expected")]
    [InlineData("limits.connections=0", "--max-connections '0': a whole number 1 to 10000000 is expected")]
    [InlineData("log.level=loud", "--log-level 'loud': one of trace, debug, info, warning, error, none is expected")]
    public void Load_WrongValue_NamesOptionValueAndReason(string setting, string message) =>
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => Words.Named(Listen, setting)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("listeners.0.mode=socks4", "listeners.0.role=p2", "the clients of an inbound sidecar are outbound sidecars")]
    [InlineData("listeners.0.mode=socks4", "listeners.0.target=a:1", "takes no target")]
    [InlineData("listeners.0.transform=not", "oracle.address=a:1", "remove one of the two")]
    [InlineData("listeners.0.accept-proxy=off", "listeners.0.proxy-clients=::1", "switch accept-proxy on or remove")]
    [InlineData("listeners.0.accept-proxy=on", "listeners.0.proxy-clients=10.0.0.1/8", "bits are set after the prefix")]
    public void Load_SettingsThatContradictEachOther_AreRefused(string one, string other, string reason) =>
        Assert.Contains(reason, Assert.Throws<UsageException>(() => Words.Named(Listen, one, other)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("on", "v1", true, ProxyVersion.V1)]
    [InlineData("true", "v2", true, ProxyVersion.V2)]
    [InlineData("off", "off", false, null)]
    [InlineData("false", "V2", false, ProxyVersion.V2)]
    public void Load_ProxyProtocol_IsOffUnlessAskedForAndBelievesLoopbackAlone(string accept, string send, bool accepts, ProxyVersion? sends)
    {
        var plain = Assert.Single(Words.Named(Listen).Listeners);
        Assert.Equal((false, (ProxyVersion?)null), (plain.AcceptProxy, plain.SendProxy));

        var listener = Assert.Single(Words.Named(Listen, $"listeners.0.accept-proxy={accept}", $"listeners.0.send-proxy={send}").Listeners);
        Assert.Equal((accepts, sends), (listener.AcceptProxy, listener.SendProxy));
        Assert.Equal(["127.0.0.0/8", "::1/128"], listener.ProxyClients.Select(n => n.ToString()));
    }

    [Fact]
    public void Load_ProxyClients_ReplaceTheDefault() =>
        Assert.Equal(["10.0.0.0/8", "10.1.2.3/32"], Assert.Single(
            Words.Named(Listen, "listeners.0.accept-proxy=on", "listeners.0.proxy-clients=10.0.0.0/8,::ffff:10.1.2.3").Listeners).ProxyClients.Select(n => n.ToString()));

    [Fact]
    public void Load_UnknownKey_IsRefusedWithTheNearest() =>
        Assert.Equal(
            "timeouts.idel: unknown key; the nearest known one is timeouts.idle",
            Assert.Throws<UsageException>(() => Words.Named(Listen, "timeouts.idel=3s")).Message);

    [Fact]
    public void Load_ModeFixedWithoutATarget_IsTheOriginalDestinationAsWithoutTheWord() =>
        Assert.Equal(ListenerMode.Transparent, Assert.Single(Words.Named(Listen, "listeners.0.mode=fixed").Listeners).Mode);

    [Fact]
    public void Load_EmptyVariable_IsRefused()
    {
        Setting[] variables = [new("listeners.0.allow-destinations", "", "SIDECAR__LISTENERS__0__ALLOW_DESTINATIONS")];
        var error = Assert.Throws<UsageException>(() => Words.Load([Words.Option(Listen), Words.Option("listeners.0.role=p2")], variables));
        Assert.StartsWith("SIDECAR__LISTENERS__0__ALLOW_DESTINATIONS '': a value is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoListener_SaysHowToGiveOne() =>
        Assert.Contains("--listen", Assert.Throws<UsageException>(() => Words.Named("timeouts.idle=3s")).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_ListenerWithoutAddress_NamesItsKey() =>
        Assert.StartsWith("listeners.1.role: listeners.1.listen, the address to listen on, is missing", Assert.Throws<UsageException>(() => Words.Named(Listen, "listeners.1.role=p2")).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_TwoListenersOfOneName_AreRefused() =>
        Assert.Contains("'x'", Assert.Throws<UsageException>(() =>
            Words.Named(Listen, "listeners.0.name=x", "listeners.1.listen=:2", "listeners.1.name=x")).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_FileWithAWrongValue_NamesItsLineAndKey()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", "listeners:\n  - listen: 127.0.0.1:1\n    role: chief\n");
        var error = Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}")], []));
        Assert.Equal($"{file}:3: listeners.0.role 'chief': alone, outbound (p1, client) or inbound (p2, server) is expected", error.Message);
    }

    [Fact]
    public void Load_FileWithManyErrors_TellsOfEachOnceAndOfNothingThatFollowsFromThem()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", """
            listeners:
              - listen: 127.0.0.1:70000
                role: p3
                allow-destinations: [pod, nowhere]
              - listen: 127.0.0.1:2222
                transform: scramble
                target: 127.0.0.1:2222
              - role: p2
                target: 127.0.0.1:9000
              - listen: 127.0.0.1:2222
                name: other
                proxy-clients: 10.0.0.0/8
            transforms:
              scramble: (xor 256)
              other: (chain scramble not)
            timeouts:
              idle: soon
              idel: 3s
            drain:
            listner: {a: 1, b: 2}
            """);
        var error = Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}"), Words.Option("loops=none")], []));
        Assert.Equal(
            [
                "--loops 'none': a whole number 1 to 256 is expected",
                $"{file}:2: listeners.0.listen '127.0.0.1:70000': a port 0 to 65535 is expected",
                $"{file}:3: listeners.0.role 'p3': alone, outbound (p1, client) or inbound (p2, server) is expected",
                $"{file}:4: listeners.0.allow-destinations.1 'nowhere': an address or a network is expected, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8",
                $"{file}:8: listeners.2.role: listeners.2.listen, the address to listen on, is missing (option --listen)",
                $"{file}:12: listeners.3.proxy-clients '10.0.0.0/8': only a listener with accept-proxy: on has a list of proxies; switch accept-proxy on or remove the list",
                $"{file}:14: transforms.scramble '(xor 256)': scramble: 1:6: a byte 0..255 expected, got 256",
                $"{file}:17: timeouts.idle 'soon': a duration with its unit is expected, such as 500ms, 3s, 5m or 1h",
                $"{file}:18: timeouts.idel: unknown key; the nearest known one is timeouts.idle",
                $"{file}:19: drain: a value is missing; leave the key out if none is meant",
                $"{file}:20: listner.a: unknown key; the nearest known one is listeners",
                $"{file}:10: listeners.3.listen '127.0.0.1:2222': {file}:5: listeners.1.listen '127.0.0.1:2222' has this port already; use different ports",
                $"{file}:5: listeners.1.listen: its target 127.0.0.1:2222 is this sidecar itself ({file}:5: listeners.1.listen); every connection would end as a self_call",
            ],
            error.Lines);
    }

    [Theory]
    [InlineData("admin=off")]
    [InlineData("admin.address=off")]
    public void Load_AdminOff_HasNone(string setting) => Assert.Null(Words.Named(Listen, setting).Admin);

    [Fact]
    public void Load_AdminOnAUnixSocket_IsItsPath() =>
        Assert.Equal("/run/sidecar/admin.sock", Words.Named(Listen, "admin.address=unix:/run/sidecar/admin.sock").Admin!.Address.ToString());

    [Theory]
    [InlineData("admin=on", "off, or a mapping with 'address', is expected")]
    [InlineData("admin.address=unix:admin.sock", "the whole path of a socket is expected after unix:, such as unix:/run/sidecar/admin.sock, of at most 96 characters")]
    [InlineData("metrics.address=unix:/run/metrics.sock", "an IP address to listen on is expected")]
    public void Load_WrongEndpoint_SaysWhatIsExpected(string setting, string reason) =>
        Assert.Contains(reason, Assert.Throws<UsageException>(() => Words.Named(Listen, setting)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_TransformInAFile_IsReadFromIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("key"), "(xor 42)\n");

        var options = Words.Named(Listen, $"listeners.0.transform=@{folder.File("key")}");

        Assert.Equal("(xor 42)", options.Listeners[0].Transform.Text);
    }

    [Fact]
    public void Load_NameOfATransformInAFile_IsReadFromIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("key"), "(xor 42)\n");

        var options = Words.Named(Listen, "listeners.0.transform=scramble", $"transforms.scramble=@{folder.File("key")}");

        Assert.Equal("(xor 42)", options.Listeners[0].Transform.Text);
    }

    [Fact]
    public void Load_FileOfATransformThatIsMissing_NamesItAndTheOption()
    {
        var error = Assert.Throws<UsageException>(() => Words.Named(Listen, "listeners.0.transform=@/nowhere/key"));
        Assert.Contains("'@/nowhere/key': file '/nowhere/key': ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(keystream chacha20 \"KEY\" \"00\")")]
    [InlineData("(keystream \"KEY\" \"000000000000004a00000000\")")]
    [InlineData("(keystream KEY)")]
    [InlineData("(keystream chacha20 KEY \"00\")")]
    [InlineData("(keystream chacha20 \"KEYx\" \"00\")")]
    [InlineData("(keystream chacha20 \"KEY")]
    [InlineData("(chain (keystream chacha20 \"KEY\" \"000000000000004a00000000\") nonsense)")]
    public void Load_WrongTransformWithAKey_DoesNotShowTheKey(string expression)
    {
        var text = expression.Replace("KEY", string.Concat(Enumerable.Repeat("5ec4e7", 10)) + "5ec4", StringComparison.Ordinal);
        foreach (var settings in new[] { new[] { $"listeners.0.transform={text}" }, ["listeners.0.transform=a", $"transforms.a={text}"] })
            Assert.DoesNotContain("5ec4e7", Assert.Throws<UsageException>(() => Words.Named([Listen, .. settings])).Message, StringComparison.Ordinal);
    }

    private static IPEndPoint Address(EndpointOptions? endpoint) => Assert.IsType<IPEndPoint>(endpoint?.Address);
}
