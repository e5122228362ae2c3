using Chassis.Endpoints;
using Chassis.Net;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class WebPageGuardTests
{
    private static readonly WebPageGuard Monitoring = WebPageGuard.ForMonitoring([DestinationPattern.Parse("*.example.org"), DestinationPattern.Parse("one.test:15090")], "metrics.hosts");

    [Theory]
    [InlineData("10.1.2.3:15090")]
    [InlineData("[fd00::1]:15090")]
    [InlineData("localhost:15090")]
    [InlineData("sidecar:15090")]
    [InlineData("sidecar.default.svc:15090")]
    [InlineData("sidecar.default.svc.cluster.local.:15090")]
    [InlineData("node1.zone.internal")]
    [InlineData("node1.example.org:15090")]
    [InlineData("one.test:15090")]
    [InlineData("")]
    public void Refuse_AddressesOwnAndConfiguredNames_AreServedToMonitors(string host) => Assert.Null(Monitoring.Refuse(Request(host)));

    [Theory]
    [InlineData("evil.test:15090")]
    [InlineData("svc.evil.test")]
    [InlineData("10.1.2.3.evil.test")]
    [InlineData("example.org")]
    [InlineData("one.test:80")]
    [InlineData("evil.localhost.test")]
    public void Refuse_NamesThatAnybodyCanRegister_AreNot(string host) =>
        Assert.Contains("metrics.hosts", Monitoring.Refuse(Request(host)), StringComparison.Ordinal);

    [Theory]
    [InlineData("sidecar:15000")]
    [InlineData("sidecar.default.svc")]
    [InlineData("evil.test")]
    public void Refuse_NamesOtherThanLocalhost_AreNotServedByAdmin(string host) => Assert.NotNull(WebPageGuard.Strict.Refuse(Request(host)));

    [Theory]
    [InlineData("Origin", "http://10.1.2.3")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    public void Refuse_WhatAPageSends_IsNotServed(string field, string value)
    {
        var request = Request("10.1.2.3");
        request.Headers[field] = value;

        Assert.NotNull(Monitoring.Refuse(request));
        Assert.NotNull(WebPageGuard.Strict.Refuse(request));
    }

    [Fact]
    public void Refuse_AddressThatAPersonTyped_IsServed()
    {
        var request = Request("10.1.2.3");
        request.Headers["Sec-Fetch-Site"] = "none";
        Assert.Null(Monitoring.Refuse(request));
    }

    [Fact]
    public void Refuse_TheMachinesOwnName_IsServedToMonitors() => Assert.Null(Monitoring.Refuse(Request(System.Net.Dns.GetHostName() + ":15090")));

    private static HttpRequest Request(string host)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        return request;
    }
}
