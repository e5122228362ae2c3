using System.Text;
using Sidecar.Options;
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
    [InlineData("X-Api-Key", FieldRule.Masked)]
    [InlineData("x_api_key", FieldRule.Masked)]
    [InlineData("x-auth-token", FieldRule.Masked)]
    [InlineData("X-Amz-Security-Token", FieldRule.Masked)]
    [InlineData("X-CSRF-Token", FieldRule.Masked)]
    [InlineData("Sec-WebSocket-Protocol", FieldRule.Protocols)]
    [InlineData("Sec-WebSocket-Key", FieldRule.Written)]
    [InlineData("Referer", FieldRule.Address)]
    [InlineData("location", FieldRule.Address)]
    [InlineData("Host", FieldRule.Address)]
    [InlineData("Authorizatiom", FieldRule.Written)]
    [InlineData("Set\rCookie", FieldRule.Written)]
    [InlineData("", FieldRule.Written)]
    [InlineData("A-Name-That-Is-Longer-Than-Any-Of-The-Table", FieldRule.Written)]
    internal void Of_ByDefault_MasksSecretsIgnoringCase(string name, FieldRule rule) =>
        Assert.Equal(rule, Rule(new HeaderRules(null, [], ExchangeRecordOptions.SecretHeaders), name));

    [Theory]
    [InlineData("host", FieldRule.Address)]
    [InlineData("Location", FieldRule.Address)]
    [InlineData("Cookie", FieldRule.Masked)]
    [InlineData("Set-Cookie", FieldRule.LeftOut)]
    [InlineData("Accept", FieldRule.LeftOut)]
    internal void Of_AllowList_LeavesOthersOutAndMasksAllTheSame(string name, FieldRule rule) =>
        Assert.Equal(rule, Rule(new HeaderRules(["Host", "location", "cookie"], [], ExchangeRecordOptions.SecretHeaders), name));

    [Theory]
    [InlineData("Cookie", FieldRule.LeftOut)]
    [InlineData("host", FieldRule.LeftOut)]
    [InlineData("Accept", FieldRule.Written)]
    internal void Of_DenyList_StandsAboveTheOthers(string name, FieldRule rule) =>
        Assert.Equal(rule, Rule(new HeaderRules(["Host", "Cookie", "Accept"], ["HOST", "cookie"], ExchangeRecordOptions.SecretHeaders), name));

    [Theory]
    [InlineData("base64url.bearer.authorization.k8s.io.c2VjcmV0, v4.channel.k8s.io", true)]
    [InlineData("access_token, c2VjcmV0", true)]
    [InlineData("chat, eyJhbGciOiJIUzI1NiJ9.e30.x", true)]
    [InlineData("graphql-transport-ws, ocpp1.6, v4.channel.k8s.io", false)]
    [InlineData("", false)]
    public void HasBearer_Protocols_AreToldFromTokens(string protocols, bool has) => Assert.Equal(has, HeaderRules.HasBearer(Encoding.ASCII.GetBytes(protocols)));

    private static FieldRule Rule(HeaderRules rules, string name) => rules.Of(Encoding.ASCII.GetBytes(name));
}
