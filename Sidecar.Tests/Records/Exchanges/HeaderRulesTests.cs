using System.Text;
using Sidecar.Records.Exchanges;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class HeaderRulesTests
{
    [Theory]
    [InlineData("Authorization", FieldRule.Masked)]
    [InlineData("authorization", FieldRule.Masked)]
    [InlineData("COOKIE", FieldRule.Masked)]
    [InlineData("set-Cookie", FieldRule.Masked)]
    [InlineData("Proxy-Authorization", FieldRule.Masked)]
    [InlineData("Referer", FieldRule.Address)]
    [InlineData("location", FieldRule.Address)]
    [InlineData("Host", FieldRule.Address)]
    [InlineData("Authorizatiom", FieldRule.Written)]
    [InlineData("Set\rCookie", FieldRule.Written)]
    [InlineData("", FieldRule.Written)]
    [InlineData("A-Name-That-Is-Longer-Than-Any-Of-The-Table", FieldRule.Written)]
    internal void Of_ByDefault_MasksSecretsIgnoringCase(string name, FieldRule rule) =>
        Assert.Equal(rule, Rule(new HeaderRules(null, [], HeaderRules.Secret), name));

    [Theory]
    [InlineData("host", FieldRule.Address)]
    [InlineData("Location", FieldRule.Address)]
    [InlineData("Cookie", FieldRule.Masked)]
    [InlineData("Set-Cookie", FieldRule.LeftOut)]
    [InlineData("Accept", FieldRule.LeftOut)]
    internal void Of_AllowList_LeavesOthersOutAndMasksAllTheSame(string name, FieldRule rule) =>
        Assert.Equal(rule, Rule(new HeaderRules(["Host", "location", "cookie"], [], HeaderRules.Secret), name));

    [Theory]
    [InlineData("Cookie", FieldRule.LeftOut)]
    [InlineData("host", FieldRule.LeftOut)]
    [InlineData("Accept", FieldRule.Written)]
    internal void Of_DenyList_StandsAboveTheOthers(string name, FieldRule rule) =>
        Assert.Equal(rule, Rule(new HeaderRules(["Host", "Cookie", "Accept"], ["HOST", "cookie"], HeaderRules.Secret), name));

    private static FieldRule Rule(HeaderRules rules, string name) => rules.Of(Encoding.ASCII.GetBytes(name));
}
