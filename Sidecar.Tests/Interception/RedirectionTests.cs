using System.Net;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>What the rules do to real connections, for each option and both backends.</summary>
public sealed class RedirectionTests(Neighbours neighbours) : IClassFixture<Neighbours>
{
    // Options of apply; then: caller, destination, who answers.
    private static readonly (string Options, string[] Calls)[] Cases =
    [
        ("--outbound-port 45000",
        [
            "app 10.77.0.2:9000 p1", "app [fd00:77::2]:9000 p1", "app [::ffff:10.77.0.2]:9000 p1",
            "sidecar 10.77.0.2:9000 service", "sidecar [fd00:77::2]:9000 service", "sidecar 10.77.0.1:9000 service",
            "app 10.77.0.2:15000 p1", "app 10.77.0.2:15021 p1", "app [fd00:77::2]:15099 p1", "app 10.77.0.2:45000 p1", "app [fd00:77::2]:45000 p1",
            "app 10.77.0.1:15000 service", "app 10.77.0.1:15021 service", "app [fd00:77::1]:15099 service", "app [::1]:15000 service",
            "app 127.0.0.1:9000 service", "app 127.1.2.3:9000 service", "app [::1]:9000 service", "app [::ffff:127.0.0.1]:9000 service",
            "app 0.0.0.0:9000 service", "app [::]:9000 service",
            "app 10.77.0.1:9000 p1", "app [fd00:77::1]:9000 p1",
            "far 10.77.0.1:9000 service", "far [fd00:77::1]:9000 service",
        ]),
        ("--inbound-port 45001",
        [
            "far 10.77.0.1:9000 p2", "far [fd00:77::1]:9000 p2", "far [::ffff:10.77.0.1]:9000 p2", "far 10.77.0.1:15021 service", "far [fd00:77::1]:15099 service",
            "app 10.77.0.2:9000 service", "app 127.0.0.1:9000 service", "app [::1]:9000 service",
            "app 10.77.0.1:9000 p2", "app [fd00:77::1]:9000 p2", "app 10.77.0.1:15021 service",
            "sidecar 10.77.0.1:9000 service", "passed 10.77.0.1:9000 service", "passed [fd00:77::1]:9000 service",
        ]),
        ("--outbound-port 45000 --inbound-port 45001",
        [
            "app 10.77.0.2:9000 p1", "app [fd00:77::2]:9000 p1", "sidecar 10.77.0.2:9000 service",
            "far 10.77.0.1:9000 p2", "far [fd00:77::1]:9000 p2",
            "app 10.77.0.1:9000 p1", "sidecar 10.77.0.1:9000 p2", "passed 10.77.0.1:9000 service",
            "app [fd00:77::1]:9000 p1", "sidecar [fd00:77::1]:9000 p2", "passed [fd00:77::1]:9000 service",
            "sidecar 127.0.0.1:9000 service", "sidecar [::1]:9000 service", "sidecar 10.77.0.1:15021 service", "app 10.77.0.1:15000 service",
            "app 10.77.0.1:45001 p2", "sidecar 10.77.0.1:45000 p1", "far 10.77.0.1:45000 p1", "app [fd00:77::1]:45001 p2",
            "app 10.77.0.2:15021 p1", "app 10.77.0.2:45001 p1", "app [fd00:77::2]:15021 p1", "app [fd00:77::2]:45001 p1", "sidecar [fd00:77::2]:15021 service",
        ]),
        ("--outbound-port 45000 --outbound-ports 9000,9005:9009 --exclude-outbound-ports 9007",
            ["app 10.77.0.2:9000 p1", "app [fd00:77::2]:9000 p1", "app 10.77.0.2:9001 service", "app 10.77.0.2:9007 service"]),
        ("--outbound-port 45000 --exclude-outbound-ports 15090,15021",
            ["app 10.77.0.2:15021 service", "app [fd00:77::2]:15021 service", "app 10.77.0.2:15000 p1", "app [fd00:77::1]:15000 service"]),
        ("--outbound-port 45000 --outbound-ports 9005:9009", ["app 10.77.0.2:9007 p1", "app [fd00:77::2]:9000 service"]),
        ("--outbound-port 45000 --outbound-cidrs 10.77.0.0/16,fd00:77::/32 --exclude-outbound-cidrs 10.77.0.1",
        [
            "app 10.77.0.2:9000 p1", "app 10.78.0.2:9000 service", "app 10.77.0.1:9000 service",
            "app [fd00:77::2]:9000 p1", "app [fd00:78::2]:9000 service",
        ]),
        ("--outbound-port 45000 --exclude-outbound-cidrs 10.78.0.0/16,fd00:78::/32",
            ["app 10.77.0.2:9000 p1", "app 10.78.0.2:9000 service", "app [fd00:77::2]:9000 p1", "app [fd00:78::2]:9000 service"]),
        ("--outbound-port 45000 --exclude-uids 1337,1338 --exclude-gids 1340",
            ["app 10.77.0.2:9000 p1", "sidecar 10.77.0.2:9000 service", "friend 10.77.0.2:9000 service", "group [fd00:77::2]:9000 service"]),
        ("--outbound-port 45000 --exclude-uids 1338", ["sidecar 10.77.0.2:9000 p1", "group 10.77.0.2:9000 p1", "friend [fd00:77::2]:9000 service"]),
        ("--inbound-port 45001 --inbound-ports 9000,9005:9009 --exclude-inbound-ports 9007",
            ["far 10.77.0.1:9000 p2", "far 10.77.0.1:9001 service", "far 10.77.0.1:9007 service", "app 10.77.0.1:9001 service"]),
        ("--inbound-port 45001 --inbound-cidrs 10.77.0.0/16 --exclude-inbound-cidrs 10.77.0.1",
            ["far 10.77.0.1:9000 p2", "far 10.78.0.1:9000 service", "far [fd00:77::1]:9000 service", "app 10.77.0.1:9000 service"]),
        ("--inbound-port 45001 --exclude-inbound-cidrs 10.78.0.0/16,fd00:78::/32",
            ["far 10.77.0.1:9000 p2", "far 10.78.0.1:9000 service", "far [fd00:77::1]:9000 p2", "far [fd00:78::1]:9000 service"]),
        ("--outbound-port 45000 --inbound-port 45001 --no-ipv6",
            ["app 10.77.0.2:9000 p1", "far 10.77.0.1:9000 p2", "app [fd00:77::2]:9000 service", "far [fd00:77::1]:9000 service"]),
    ];

    public static TheoryData<string, string> Rows => [.. from c in Cases from backend in RuleSpace.Backends select (c.Options, backend)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Rules_RedirectWhatTheOptionsSay(string options, string backend)
    {
        RootTools.Require();
        string[] words = [.. options.Split(' '), "--backend", backend];
        await neighbours.DoesAsync(["apply", .. words]);
        try
        {
            foreach (var call in Cases.Single(c => c.Options == options).Calls.Select(c => c.Split(' ')))
            {
                var answer = await neighbours.AnswerAsync(call[0], IPEndPoint.Parse(call[1]));
                Assert.True(answer == call[2], $"{string.Join(' ', call)} is expected, {answer} has answered");
            }
        }
        finally
        {
            await neighbours.DoesAsync(["remove", .. words]);
        }
    }

    [Theory]
    [InlineData("nft", false)]
    [InlineData("legacy", false)]
    [InlineData("nft", true)]
    public async Task PacketOfNoConnection_IsDroppedUnlessKept(string backend, bool kept)
    {
        RootTools.Require();
        string[] words = ["--inbound-port", "45001", "--backend", backend, .. kept ? new[] { "--keep-invalid" } : []];
        await neighbours.DoesAsync(["apply", .. words]);
        try
        {
            using var far = new RawTcp(neighbours.Far.Name, IPAddress.Parse("10.77.0.2"), IPAddress.Parse("10.77.0.1"));
            far.SendSynAck(sourcePort: 5000, destinationPort: 9000);

            if (kept)
                Assert.True(await far.IsResetAsync(5000));
            else
                await Eventually.TrueAsync(() => neighbours.Near.RunAsync($"iptables-{backend} -t mangle -L SIDECAR_INVALID -v -x -n").GetAwaiter().GetResult().Contains("  1       40 DROP", StringComparison.Ordinal));
        }
        finally
        {
            await neighbours.DoesAsync(["remove", .. words]);
        }
    }
}
