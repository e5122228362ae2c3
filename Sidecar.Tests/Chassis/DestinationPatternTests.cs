using System.Net;
using Chassis.Net;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class DestinationPatternTests
{
    [Theory]
    [InlineData("example.org", "example.org")]
    [InlineData("Example.ORG.", "example.org")]
    [InlineData("example.org:80", "example.org:80")]
    [InlineData("example.org.:80", "example.org:80")]
    [InlineData("*.Example.org", "*.example.org")]
    [InlineData("*.example.org:443", "*.example.org:443")]
    [InlineData("*", "*")]
    [InlineData("*:65535", "*:65535")]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("10.1.2.3/32:80", "10.1.2.3:80")]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.0.0.0/8:80", "10.0.0.0/8:80")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::1", "::1")]
    [InlineData("[::1]", "::1")]
    [InlineData("[0:0::1/128]:80", "[::1]:80")]
    [InlineData("fd00::/8", "fd00::/8")]
    [InlineData("[FD00::/8]:443", "[fd00::/8]:443")]
    [InlineData("[::ffff:10.0.0.0/104]:80", "10.0.0.0/8:80")]
    [InlineData("3com", "3com")]
    public void Parse_Pattern_HasOneCanonicalForm(string text, string canonical)
    {
        var pattern = DestinationPattern.Parse(text);
        Assert.Equal(canonical, pattern.ToString());
        Assert.Equal(pattern, DestinationPattern.Parse(canonical));
    }

    [Theory]
    [InlineData("", "a host name")]
    [InlineData(".", "a host name")]
    [InlineData(":80", "a host name")]
    [InlineData("*.", "a host name")]
    [InlineData("*example.org", "a host name")]
    [InlineData("a.*.org", "a host name")]
    [InlineData("*.10.0.0.1", "a host name")]
    [InlineData("*..org", "a host name")]
    [InlineData("a b", "a host name")]
    [InlineData("h\u00f6st", "a host name")]
    [InlineData("010.0.0.1", "a host name")]
    [InlineData("127.1", "a host name")]
    [InlineData("0x7f.1", "a host name")]
    [InlineData("[10.0.0.1]:80", "a host name")]
    [InlineData("[host]:80", "a host name")]
    [InlineData("[::1]80", "a host name")]
    [InlineData("[::1]:80:90", "a host name")]
    [InlineData("[::1", "an address or a network")]
    [InlineData("[fe80::1%2]:80", "an address or a network")]
    [InlineData("host:0", "a port 1 to 65535")]
    [InlineData("host:", "a port 1 to 65535")]
    [InlineData("host:http", "a port 1 to 65535")]
    [InlineData("*:65536", "a port 1 to 65535")]
    [InlineData("[::1]:", "a port 1 to 65535")]
    [InlineData("10.0.0.0/33", "a prefix length 0 to 32")]
    [InlineData("fd00::/8:443", "a prefix length 0 to 128")]
    [InlineData("10.1.2.3/8:80", "bits are set after the prefix")]
    [InlineData("host/8", "an address or a network")]
    public void Parse_Wrong_SaysWhatWasExpected(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<FormatException>(() => DestinationPattern.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("example.org", "EXAMPLE.org.", 1, true)]
    [InlineData("example.org", "www.example.org", 1, false)]
    [InlineData("example.org", "example.org..", 1, false)]
    [InlineData("example.org:80", "example.org", 80, true)]
    [InlineData("example.org:80", "example.org", 81, false)]
    [InlineData("*.example.org", "www.Example.org", 1, true)]
    [InlineData("*.example.org", "a.b.example.org.", 1, true)]
    [InlineData("*.example.org", "example.org", 1, false)]
    [InlineData("*.example.org", ".example.org", 1, false)]
    [InlineData("*.example.org", "badexample.org", 1, false)]
    [InlineData("*.example.org:80", "www.example.org", 81, false)]
    [InlineData("*", "anything", 1, true)]
    [InlineData("*", "::1", 1, true)]
    [InlineData("*:80", "10.0.0.1", 80, true)]
    [InlineData("*:80", "anything", 81, false)]
    [InlineData("10.0.0.0/8", "10.255.0.1", 1, true)]
    [InlineData("10.0.0.0/8", "::ffff:10.255.0.1", 1, true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", 1, false)]
    [InlineData("10.0.0.0/8", "example.org", 1, false)]
    [InlineData("0.0.0.0/0", "::1", 1, false)]
    [InlineData("0.0.0.0/0", "127.1", 1, false)]
    [InlineData("10.0.0.0/8:80", "10.0.0.1", 80, true)]
    [InlineData("10.0.0.0/8:80", "10.0.0.1", 81, false)]
    [InlineData("[fd00::/8]:443", "fdff::1", 443, true)]
    [InlineData("[fd00::/8]:443", "fe00::1", 443, false)]
    [InlineData("fe80::/10", "fe80::1%eth0", 1, true)]
    [InlineData("::1", "0:0:0:0:0:0:0:1", 1, true)]
    public void Matches_Destination_IsMeantOrNot(string text, string host, int port, bool meant)
    {
        var pattern = DestinationPattern.Parse(text);
        Assert.Equal(meant, pattern.Matches(host, port));
        if (IPAddress.TryParse(host, out var address) && host != "127.1")
            Assert.Equal(meant, pattern.Matches(address, port));
    }
}
