using System.Net;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Options;

public sealed class ProbeTargetTests
{
    [Theory]
    [InlineData("http://:9000/", "http://10.0.0.1:9000/", "http://[fd00::1]:9000/")]
    [InlineData("http://:9000/healthz?full=1", "http://10.0.0.1:9000/healthz?full=1", "http://[fd00::1]:9000/healthz?full=1")]
    [InlineData("https://:8443", "https://10.0.0.1:8443/", "https://[fd00::1]:8443/")]
    [InlineData("tcp://db:5432", "http://db:5432/", "http://db:5432/")]
    [InlineData("grpc://[fd00::2]:9000/a.B", "http://[fd00::2]:9000/a.B", "http://[fd00::2]:9000/a.B")]
    public void UrlAt_IsTheTargetAtTheReachedAddress(string text, string v4, string v6)
    {
        var target = ProbeTarget.Parse(text);

        Assert.Equal(v4, target.UrlAt(IPAddress.Parse("10.0.0.1")).ToString());
        Assert.Equal(v6, target.UrlAt(IPAddress.Parse("fd00::1")).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("9000")]
    [InlineData("http:/:9000")]
    [InlineData("ftp://:9000")]
    [InlineData("http://")]
    [InlineData("http://:")]
    [InlineData("http://:0/")]
    [InlineData("http://:65536/")]
    [InlineData("http://host/")]
    [InlineData("http://a b:80/")]
    [InlineData("http://:80/a b")]
    [InlineData("http://:80/a\r\nX: y")]
    [InlineData("tcp://:80/path")]
    public void Parse_AWrongTarget_SaysWhatIsExpected(string text) =>
        Assert.Contains("is expected", Assert.Throws<FormatException>(() => ProbeTarget.Parse(text)).Message, StringComparison.Ordinal);
}
