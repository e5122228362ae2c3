using System.Net;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Options;

[SystemTest]
public sealed class DestinationRuleTests
{
    [Theory]
    [InlineData("loopback", "127.0.0.1:80", true)]
    [InlineData("loopback", "127.9.9.9:80", true)]
    [InlineData("loopback", "[::1]:80", true)]
    [InlineData("loopback", "192.0.2.1:80", false)]
    [InlineData("loopback", "0.0.0.0:80", true)]
    [InlineData("loopback", "[::]:80", true)]
    [InlineData("pod", "127.0.0.1:80", false)]
    [InlineData("pod", "127.9.9.9:80", false)]
    [InlineData("pod", "[::1]:80", false)]
    [InlineData("pod", "0.0.0.0:80", false)]
    [InlineData("pod", "[::]:80", false)]
    [InlineData("pod", "192.0.2.1:80", false)]
    [InlineData("pod", "[2001:db8::1]:80", false)]
    [InlineData("original", "192.0.2.7:9000", true)]
    [InlineData("original", "192.0.2.7:9001", false)]
    [InlineData("original", "192.0.2.8:9000", false)]
    [InlineData("10.0.0.0/8", "10.200.0.1:1", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1:1", false)]
    [InlineData("10.0.0.0/8:80", "10.200.0.1:80", true)]
    [InlineData("10.0.0.0/8:80", "10.200.0.1:81", false)]
    [InlineData("10.1.2.3", "10.1.2.3:5", true)]
    [InlineData("10.1.2.3", "10.1.2.4:5", false)]
    [InlineData("10.1.2.3:80", "10.1.2.3:80", true)]
    [InlineData("fd00::/8", "[fd00::1]:80", true)]
    [InlineData("fd00::/8", "[fe00::1]:80", false)]
    [InlineData("[fd00::/8]:443", "[fd00::1]:443", true)]
    [InlineData("[fd00::/8]:443", "[fd00::1]:80", false)]
    [InlineData("fd00::1", "[fd00::1]:80", true)]
    public void Matches_Destination_AsTheRuleSays(string rule, string destination, bool allowed) =>
        Assert.Equal(allowed, DestinationRule.Parse(rule).Matches(IPEndPoint.Parse(destination), IPEndPoint.Parse("192.0.2.7:9000")));

    [Theory]
    [InlineData("127.0.0.1:80", false)]
    [InlineData("[::1]:80", false)]
    [InlineData("0.0.0.0:80", false)]
    [InlineData("192.0.2.7:9000", true)]
    public void Defaults_LeaveLoopbackOut(string destination, bool allowed) =>
        Assert.Equal(allowed, DestinationRule.Defaults.Any(rule => rule.Matches(IPEndPoint.Parse(destination), IPEndPoint.Parse("192.0.2.7:9000"))));

    [Theory]
    [InlineData("192.0.2.7", true)]
    [InlineData("192.0.2.7:9000", true)]
    [InlineData("192.0.2.7/32", true)]
    [InlineData("192.0.2.6/31", false)]
    [InlineData("192.0.2.8", false)]
    [InlineData("original", false)]
    public void Names_IsOfOneAddressAlone(string rule, bool names) =>
        Assert.Equal(names, DestinationRule.Parse(rule).Names(IPAddress.Parse("192.0.2.7")));

    [Fact]
    public void Matches_OriginalWithoutOne_Nothing() =>
        Assert.False(DestinationRule.Parse("original").Matches(IPEndPoint.Parse("192.0.2.7:9000"), original: null));

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/8:0")]
    [InlineData("10.0.0.0/8:x")]
    [InlineData("10.0.0.0/8:70000")]
    [InlineData("[fd00::/8")]
    [InlineData("[fd00::/8]443")]
    public void Parse_WhatIsNoRule_SaysWhatIsExpected(string text) =>
        Assert.Matches("expected|after the prefix", Assert.Throws<FormatException>(() => DestinationRule.Parse(text)).Message);
}
