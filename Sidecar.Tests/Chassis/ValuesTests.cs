using Chassis.Net;
using Chassis.Settings;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class ValuesTests
{
    [Theory]
    [InlineData("1ms", 1)]
    [InlineData("500ms", 500)]
    [InlineData("3s", 3000)]
    [InlineData("1.5s", 1500)]
    [InlineData("5m", 300_000)]
    [InlineData("24h", 86_400_000)]
    public void Duration_WithUnit_IsRead(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Duration(text));

    [Theory]
    [InlineData("3", "a duration with its unit is expected")]
    [InlineData("", "a duration with its unit")]
    [InlineData("-3s", "a duration with its unit")]
    [InlineData("3 s", "a duration with its unit")]
    [InlineData("3sec", "a duration with its unit")]
    [InlineData("1e9s", "a duration with its unit")]
    [InlineData("0ms", "a duration from 1ms to 24h is expected")]
    [InlineData("25h", "a duration from 1ms to 24h is expected")]
    [InlineData("999999999h", "a duration from 1ms to 24h is expected")]
    public void Duration_Wrong_SaysWhatIsExpected(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<FormatException>(() => Duration(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("0s")]
    [InlineData("1ms")]
    [InlineData("1500ms")]
    [InlineData("90s")]
    [InlineData("5m")]
    [InlineData("24h")]
    public void Display_Duration_IsTheShortestForm(string text) =>
        Assert.Equal(text, Values.Display(Values.Duration(TimeSpan.Zero, TimeSpan.MaxValue)(text)));

    [Theory]
    [InlineData("9000", "9000")]
    [InlineData(":9000", "9000")]
    [InlineData("*:9000", "9000")]
    [InlineData("[::]:9000", "9000")]
    [InlineData("0", "0")]
    [InlineData("127.0.0.1:80", "127.0.0.1:80")]
    [InlineData("localhost:80", "127.0.0.1:80")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("[::ffff:127.0.0.1]:80", "127.0.0.1:80")]
    public void ListenAddress_Text_IsRead(string text, string expected)
    {
        var any = new System.Net.IPEndPoint(ListenAddress.Any, 0);
        var address = ListenAddress.Parse(text);
        Assert.Equal(expected, address.Address.Equals(any.Address) ? $"{address.Port}" : address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.1:80")]
    [InlineData("::1:80")]
    [InlineData("example.org:80")]
    [InlineData(" :80x")]
    [InlineData("010.0.0.1:80")]
    [InlineData("5:80")]
    [InlineData("[[::1]:80]:90")]
    [InlineData("[[::1]]:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[fe80::1%1]:80")]
    public void ListenAddress_Wrong_IsRefused(string text) => Assert.Throws<FormatException>(() => ListenAddress.Parse(text));

    [Theory]
    [InlineData("example.org:80", "example.org", 80)]
    [InlineData("[::1]:65535", "::1", 65535)]
    [InlineData("10.0.0.1:1", "10.0.0.1", 1)]
    [InlineData("[::ffff:7f00:1]:80", "::ffff:7f00:1", 80)]
    [InlineData("[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80)]
    [InlineData("[fd00::1]:80", "fd00::1", 80)]
    [InlineData("1.example:80", "1.example", 80)]
    [InlineData("3com:80", "3com", 80)]
    public void HostPort_Text_IsReadAndWrittenTheSame(string text, string host, int port)
    {
        var read = HostPort.Parse(text);
        Assert.Equal((host, port, text), (read.Host, read.Port, read.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData(":80")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("::1:80")]
    [InlineData("a b:80")]
    [InlineData("h\u00f6st:80")]
    [InlineData("[host:80")]
    [InlineData("[host]:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("5:80")]
    [InlineData("010.0.0.1:80")]
    [InlineData("127.1:80")]
    [InlineData("300.1.1.1:80")]
    [InlineData("1.2.3.4.:80")]
    [InlineData("0x7f.1:80")]
    [InlineData("0x7f000001:80")]
    [InlineData("[::1]:80:90")]
    [InlineData("[[::1]]:80")]
    [InlineData("[[::1]:80]:90")]
    [InlineData("[fe80::1%1]:80")]
    [InlineData("[::1/64]:80")]
    public void HostPort_Wrong_IsRefused(string text) => Assert.Throws<FormatException>(() => HostPort.Parse(text));

    [Theory]
    [InlineData("http://127.0.0.1:9000", "http://127.0.0.1:9000/")]
    [InlineData("http://host/base/", "http://host/base")]
    public void HttpUrl_Text_IsRead(string text, string expected) => Assert.Equal(expected, Values.HttpUrl(text).AbsoluteUri);

    [Theory]
    [InlineData("host:80")]
    [InlineData("ftp://host")]
    [InlineData("/path")]
    [InlineData("http://host/?q")]
    [InlineData("http://host/#f")]
    public void HttpUrl_Wrong_IsRefused(string text) => Assert.Throws<FormatException>(() => Values.HttpUrl(text));

    private static TimeSpan Duration(string text) => Values.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24))(text);
}
