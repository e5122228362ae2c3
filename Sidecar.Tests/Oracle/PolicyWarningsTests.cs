using Oracle.Policies;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class PolicyWarningsTests
{
    [Theory]
    [InlineData("default: random")]
    [InlineData("default: (chain (xor 1) not)")]
    [InlineData("rules: [{role: p1, deny: true}, {listener: in, destination: h, transform: xor 1}]")]
    [InlineData("rules: [{listener: in, transform: xor 1}, {role: p2, transform: xor 1}]\ndefault: xor 1")]
    [InlineData("rules: [{role: p1, transform: not}, {role: [p2, alone], transform: not}]")]
    [InlineData("rules: [{role: alone, transform: not}]")]
    [InlineData("rules: [{listener: out, destination: h, plain: true}]\ndefault: xor 1")]
    public void Of_WhatV1CanSayAndTell_IsNone(string policy) => Assert.Empty(Of(policy));

    [Theory]
    [InlineData("rules: [{name: a, transform: (add 1)}, {transform: not}, {transform: (rotl 3)}]", "transform of a, rules.2: a sidecar")]
    [InlineData("rules: [{name: a, transform: (add 1)}]\ndefault: (swap-nibbles)", "transform of a, default: a sidecar")]
    [InlineData("rules: [{name: a, listener: x, deny: true}, {transform: xor 1}, {destination: h, deny: true}]", "but these rules deny by one of them: a, rules.2. They deny")]
    [InlineData("rules: [{name: a, listener: x, transform: xor 1}, {destination: h, transform: not}]\ndefault: not", "but these rules grant by one of them: a. They deny a sidecar that asks in v1")]
    [InlineData("rules: [{destination: h, transform: xor 1}]\ndefault: random", "but these rules grant by one of them: rules.0. They deny")]
    [InlineData("rules: [{role: [p2, alone], transform: not}]", "nothing grants to outbound: each side of a pair is judged by itself")]
    [InlineData("rules: [{role: p1, transform: not}, {role: p2, deny: true}]", "nothing grants to inbound: ")]
    public void Of_AKind_IsOneLineThatNamesItsRules(string policy, string expected) =>
        Assert.Contains(expected, Assert.Single(Of(policy)), StringComparison.Ordinal);

    [Fact]
    public void Of_BothKinds_AreALineEach() =>
        Assert.Equal(2, Of("rules: [{listener: x, deny: true}]\ndefault: (add 1)").Count);

    [Fact]
    public void Of_AThousandRules_NamesTenAndCountsTheRest()
    {
        var line = Assert.Single(Of("rules:\n" + string.Concat(Enumerable.Repeat("  - transform: (add 1)\n", 1000))));
        Assert.Contains("rules.9 and 990 more:", line, StringComparison.Ordinal);
    }

    private static List<string> Of(string policy) => [.. PolicyWarnings.Of(PolicyFile.Parse(policy, "p"))];
}
