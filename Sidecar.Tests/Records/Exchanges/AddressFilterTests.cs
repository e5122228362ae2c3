using System.Net;
using Sidecar.Records.Exchanges;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class AddressFilterTests
{
    [Theory]
    [InlineData("", "192.0.2.1", true)]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("10.0.0.0/8", "fd00::1", false)]
    [InlineData("10.0.0.0/8,fd00::/8", "fd00::1", true)]
    [InlineData("!10.96.0.0/12", "10.96.0.1", false)]
    [InlineData("!10.96.0.0/12", "192.0.2.1", true)]
    [InlineData("10.0.0.0/8,!10.96.0.0/12", "10.97.0.1", false)]
    [InlineData("10.0.0.0/8,!10.96.0.0/12", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8,!10.96.0.0/12", "192.0.2.1", false)]
    public void Accepts_IsInANetworkAndInNoExcludedOne(string networks, string server, bool isAccepted) =>
        Assert.Equal(isAccepted, new AddressFilter(networks.Split(',', StringSplitOptions.RemoveEmptyEntries)).Accepts(IPAddress.Parse(server)));
}
