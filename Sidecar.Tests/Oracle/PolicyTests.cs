using Oracle.Protocol.Expressions;
using System.Net;
using Oracle.Policies;
using Oracle.Protocol;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class PolicyTests
{
    private static readonly Policy Rules = PolicyFile.Parse("""
        rules:
          - {name: banned, peer: 10.6.6.0/24, deny: true}
          - {name: clients, role: p1, peer: [10.0.0.0/8, "fd00::/8"], transform: xor 1}
          - {name: mapped, peer: "::ffff:192.0.2.0/120", transform: xor 2}
          - {name: servers, role: server, transform: not}
          - {name: all-v4, peer: 0.0.0.0/0, transform: xor 3}
        """, "policy.yml");

    [Theory]
    [InlineData(SidecarRole.P1, "10.6.6.255", "banned", null)]
    [InlineData(SidecarRole.P1, "10.6.7.0", "clients", "(xor 1)")]
    [InlineData(SidecarRole.P1, "fdff::1", "clients", "(xor 1)")]
    [InlineData(SidecarRole.P1, "192.0.2.9", "mapped", "(xor 2)")]
    [InlineData(SidecarRole.P2, "10.1.1.1", "servers", "not")]
    [InlineData(SidecarRole.P2, "10.6.6.1", "banned", null)]
    [InlineData(SidecarRole.Alone, "10.1.1.1", "all-v4", "(xor 3)")]
    [InlineData(SidecarRole.Alone, "fd00::1", "default", null)]
    [InlineData(SidecarRole.P1, "fe00::1", "default", null)]
    public void Judge_FirstRuleThatMatches_Decides(SidecarRole role, string peer, string rule, string? transform)
    {
        var verdict = Rules.Judge(role, IPAddress.Parse(peer));
        Assert.Equal((rule, transform), (verdict.Rule, verdict.Grant?.ToString()));
    }

    [Fact]
    public void Judge_WithoutAFile_IsNotForEveryone() =>
        Assert.Equal("not", Policy.NotForEveryone.Judge(SidecarRole.Alone, IPAddress.IPv6Loopback).Grant?.Draw().ToString());

    [Fact]
    public void Draw_Random_TakesEveryKeyButZero()
    {
        var keys = Enumerable.Range(0, 20_000).Select(_ => TransformChoice.Random.Draw()).ToHashSet();
        // A key that 20,000 draws of 255 miss: one run in 10^31.
        Assert.Equal(255, keys.Count);
        Assert.DoesNotContain(TransformExpression.Xor(0), keys);
        Assert.All(keys, key => Assert.Equal("xor", key.Name));
    }
}
