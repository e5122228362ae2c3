using System.Net;
using ByteFilters;
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

    private static readonly Policy Routes = PolicyFile.Parse("""
        rules:
          - {name: banned, peer: 10.0.0.0/8, destination: 10.6.6.0/24, deny: true}
          - {name: no-guests, peer: 10.0.0.0/8, listener: guest, deny: true}
          - {name: site, listener: [in, web], destination: "*.example.org:443", transform: (rotl 3)}
          - {name: nets, listener: "api, web", destination: [10.0.0.0/8, "[fd00::/8]:443"], transform: (add 1)}
          - {name: any-in, listener: in, destination: "*", transform: (add 2)}
        """, "policy.yml");

    [Theory]
    [InlineData(SidecarRole.Outbound, "10.6.6.255", "banned", null)]
    [InlineData(SidecarRole.Outbound, "10.6.7.0", "clients", "(xor 1)")]
    [InlineData(SidecarRole.Outbound, "fdff::1", "clients", "(xor 1)")]
    [InlineData(SidecarRole.Outbound, "192.0.2.9", "mapped", "(xor 2)")]
    [InlineData(SidecarRole.Inbound, "10.1.1.1", "servers", "not")]
    [InlineData(SidecarRole.Inbound, "10.6.6.1", "banned", null)]
    [InlineData(SidecarRole.Alone, "10.1.1.1", "all-v4", "(xor 3)")]
    [InlineData(SidecarRole.Alone, "fd00::1", "default", null)]
    [InlineData(SidecarRole.Outbound, "fe00::1", "default", null)]
    public void Judge_FirstRuleThatMatches_Decides(SidecarRole role, string peer, string rule, string? transform)
    {
        var verdict = Rules.Judge(new PolicySubject(role, IPAddress.Parse(peer)));
        Assert.Equal((rule, transform), (verdict.Rule, verdict.Grant?.ToString()));
    }

    [Theory]
    [InlineData("ask p1 x in www.example.org 443 10.0.0.1 5", "site")]
    [InlineData("ask p1 x in WWW.Example.org. 443 10.0.0.1 5", "site")]
    [InlineData("ask p1 x in www.example.org 80 10.0.0.1 5", "any-in")]
    [InlineData("ask p1 x in example.org 443 10.0.0.1 5", "any-in")]
    [InlineData("ask p1 x out www.example.org 443 10.0.0.1 5", "default")]
    [InlineData("ask p1 x IN www.example.org 443 10.0.0.1 5", "default")]
    [InlineData("ask p1 x api 10.1.2.3 80 10.0.0.1 5", "nets")]
    [InlineData("ask p1 x api ::ffff:10.1.2.3 80 10.0.0.1 5", "nets")]
    [InlineData("ask p1 x web fdff::1%eth0 443 10.0.0.1 5", "nets")]
    [InlineData("ask p1 x web fdff::1 444 10.0.0.1 5", "default")]
    [InlineData("ask p1 x in 10.6.6.6 80 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x guest www.example.org 443 10.0.0.1 5", "no-guests")]
    // Not told: listener and destination, the destination alone, or one that only some resolvers understand.
    [InlineData("hello p1 x 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x in - 0 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x in 10.6.1542 80 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x in 0x0a060606 80 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x in 168166918 80 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x in 10.6.6.6. 80 10.0.0.1 5", "banned")]
    [InlineData("ask p1 x in [fd06::6] 80 10.0.0.1 5", "banned")]
    // A rule for another peer says nothing, whatever is not told.
    [InlineData("hello p1 x 11.0.0.1 5", "default")]
    public void Judge_ListenerAndDestination_GrantWhenToldAndDenyWhenNot(string line, string rule)
    {
        Assert.True(OracleQuestion.TryParse(line, out var question));
        Assert.Equal(rule, Routes.Judge(PolicySubject.Of(question)).Rule);
    }

    [Theory]
    [InlineData("listener: in")]
    [InlineData("destination: '*'")]
    [InlineData("listener: in, destination: '*'")]
    public void Judge_GrantByRouteThatIsNotTold_LeavesNoOtherTransform(string matcher)
    {
        var policy = PolicyFile.Parse($"rules: [{{name: route, {matcher}, transform: xor 1}}]\ndefault: xor 2", "p");
        Assert.Equal(new Verdict("route", null, IsForLackOfRoute: true), policy.Judge(new PolicySubject(SidecarRole.Outbound, IPAddress.Loopback)));
        Assert.Equal("(xor 1)", Judged(policy, "in", "h"));
        Assert.Equal(matcher == "listener: in" ? "(xor 1)" : "route denies", Judged(policy, "in", null));
        // Neither is meant, whatever its destination.
        Assert.Equal(matcher.Contains("listener", StringComparison.Ordinal) ? "(xor 2)" : "route denies", Judged(policy, "out", null));
    }

    [Theory]
    // What holds without the route is granted where it is the same, and denied where it is not.
    [InlineData("{name: r, destination: h, transform: not}", "not", "not")]
    [InlineData("{name: r, destination: h, transform: random}", "random", "random")]
    [InlineData("{name: r, destination: h, transform: not}", "deny", "default denies")]
    [InlineData("{name: r, destination: h, transform: random}", "not", "r denies")]
    [InlineData("{name: r, destination: h, transform: (add 1)}", "idt", "r denies")]
    [InlineData("{name: a, destination: h, transform: not}, {name: b, listener: in, transform: idt}", "not", "b denies")]
    [InlineData("{name: a, destination: h, transform: not}, {name: b, listener: in, transform: idt}, {name: c, transform: idt}", "not", "a denies")]
    [InlineData("{name: a, destination: h, transform: not}, {name: b, listener: in, deny: true}", "not", "b denies")]
    [InlineData("{name: a, destination: h, role: p2, transform: not}", "idt", "idt")]
    [InlineData("{name: a, destination: h, peer: 10.0.0.0/8, transform: not}", "idt", "idt")]
    [InlineData("{name: a, transform: idt}, {name: b, destination: h, transform: not}", "deny", "idt")]
    public void Judge_WithoutARoute_GrantsNothingThatTheRouteCouldHaveChanged(string rules, string otherwise, string expected) =>
        Assert.Equal(expected, Judged(PolicyFile.Parse($"rules: [{rules}]\ndefault: {otherwise}", "p"), null, null));

    [Theory]
    // Only a p1 that asks before its greeting is told that the connection is plain; what others ask is judged by the rules behind it.
    [InlineData("ask p1 x out h 80 10.0.0.1 5 plain?", "plain")]
    [InlineData("ask p1 x out h 80 10.0.0.1 5", "(xor 1)")]
    [InlineData("ask p2 x in h 80 10.0.0.1 5 greeted", "(xor 1)")]
    [InlineData("ask alone x in h 80 10.0.0.1 5", "(xor 1)")]
    [InlineData("hello p1 x 10.0.0.1 5", "(xor 1)")]
    [InlineData("hello p2 x 10.0.0.1 5", "(xor 1)")]
    [InlineData("ask p1 x out g 80 10.0.0.1 5 plain?", "(xor 1)")]
    // Neither the rule's destination nor its listener, if they are in doubt.
    [InlineData("ask p1 x out 127.1 80 10.0.0.1 5 plain?", "(xor 1)")]
    [InlineData("ask p1 x out h 80 203.0.113.1 5 plain?", "banned denies")]
    public void Judge_PlainRule_IsForThoseWhoCanFollowIt(string line, string expected)
    {
        var policy = PolicyFile.Parse("rules: [{name: banned, peer: 203.0.113.0/24, deny: true}, {name: legacy, destination: 'h:80', plain: true}]\ndefault: xor 1", "p");
        Assert.True(OracleQuestion.TryParse(line, out var question));
        var verdict = policy.Judge(PolicySubject.Of(question));
        Assert.Equal(expected, verdict.IsPlain ? "plain" : verdict.Grant?.ToString() ?? $"{verdict.Rule} denies");
    }

    [Theory]
    // What could be another rule's is not plain: a destination that only some resolvers understand.
    [InlineData("h", true)]
    [InlineData("127.1", false)]
    public void Judge_PlainRuleBehindOneThatCouldMatch_IsPlainOnlyWithoutDoubt(string destination, bool isPlain)
    {
        var policy = PolicyFile.Parse("rules: [{name: nets, destination: 127.0.0.0/8, transform: xor 1}, {name: all, listener: out, plain: true}]\ndefault: deny", "p");
        Assert.True(OracleQuestion.TryParse($"ask p1 x out {destination} 80 10.0.0.1 5 plain?", out var question));
        var verdict = policy.Judge(PolicySubject.Of(question));
        Assert.Equal((isPlain, !isPlain), (verdict.IsPlain, verdict.IsGranted));
    }

    [Fact]
    public void Judge_WithoutAFile_IsNotForEveryone() =>
        Assert.Equal("not", Policy.NotForEveryone.Judge(new PolicySubject(SidecarRole.Alone, IPAddress.IPv6Loopback)).Grant?.Draw().ToString());

    [Fact]
    public void Draw_Random_TakesEveryKeyButZero()
    {
        var keys = Enumerable.Range(0, 20_000).Select(_ => TransformChoice.Random.Draw()).ToHashSet();
        // A key that 20,000 draws of 255 miss: one run in 10^31.
        Assert.Equal(255, keys.Count);
        Assert.DoesNotContain(TransformExpression.Xor(0), keys);
        Assert.All(keys, key => Assert.Equal("xor", key.Name));
    }

    private static string Judged(Policy policy, string? listener, string? destination)
    {
        var verdict = policy.Judge(new PolicySubject(SidecarRole.Outbound, IPAddress.Loopback, listener, destination, destination is null ? 0 : 1));
        return verdict.Grant?.ToString() ?? $"{verdict.Rule} denies";
    }
}
