using System.Text;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Formats;

public sealed class LineClientTests
{
    private static readonly RecordFormat Perisco = Format("perisco", Text(new HeaderRules(null, [], []), new UrlMask([])));

    [Theory]
    [MemberData(nameof(FormatTests.Names), MemberType = typeof(FormatTests))]
    [InlineData("otlp-span")]
    [InlineData("otlp-log")]
    public void Of_LinesOfEveryFormat_IsTheClient(string name)
    {
        var format = Format(name, Text());
        UInt128 Of(string client) => format.SenderOf(Encoding.UTF8.GetBytes(Written(format, Completed(Request("GET", "/"), Response(200)), Origin(client, process: Longest()))));

        Assert.True(Of("10.0.0.1:1") != 0);
        Assert.Equal(Of("10.0.0.1:1"), Of("10.0.0.1:65535"));
        Assert.Equal(Of("[2001:db8:1:2::5]:80"), Of("[2001:db8:1:2:ffff::1]:65535"));
        Assert.NotEqual(Of("10.0.0.1:1"), Of("10.0.0.2:1"));
        Assert.True(Of("[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535") != 0);
    }

    [Theory]
    [InlineData("10.0.0.1:1", "10.0.0.1:65535")]
    [InlineData("[2001:db8:1:2::5]:80", "[2001:db8:1:2:ffff::1]:81")]
    [InlineData("[::1]:80", "[::1]:81")]
    [InlineData("0.0.0.0:80", "[::ffff:0.0.0.0]:81")]
    [InlineData("[fe80::1%2]:80", "[fe80::2%3]:81")]
    public void Of_LinesOfOneClient_IsTheSame(string one, string other)
    {
        var sender = Of(LineOf(one));
        Assert.True(sender != 0);
        Assert.Equal(sender, Of(LineOf(other)));
    }

    [Fact]
    public void Of_LinesOfOtherClients_AreDifferent()
    {
        string[] clients = ["10.0.0.1:1", "10.0.0.2:1", "1.10.0.0:1", "[::1]:1", "0.0.0.0:1", "[2001:db8:1:2::5]:1", "[2001:db8:1:3::5]:1", "[a00:1::]:1"];
        Assert.Equal(clients.Length, clients.Select(client => Of(LineOf(client))).Distinct().Count());
    }

    [Fact]
    public void Of_TheFormatsOwnSample_IsTheClient()
    {
        var senders = PeriscoSample.Lines.Select(Of).ToList();
        Assert.Equal(Of(LineOf("127.0.0.1:1")), senders[0]);
        Assert.Equal(Of(LineOf("78.108.177.51:1")), senders[3]);
    }

    [Fact]
    public void Of_AnAddressInWhatTheClientSent_IsNotTheSender()
    {
        var line = LineOf("10.0.0.1:1", "/?\"ip\":{\"client\":\"10.9.9.9\"");
        Assert.Equal(Of(LineOf("10.0.0.1:1")), Of(line));
        // Nor behind the longest number of a process.
        Assert.Equal(Of(LineOf("10.0.0.1:1")), Of(LineOf("10.0.0.1:1", "/", Longest())));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("no JSON\n")]
    [InlineData("{\"ip\":{\"client\":\"\"}}\n")]
    [InlineData("{\"ip\":{\"client\":\"10.0.0\n")]
    [InlineData("{\"ip\":{\"client\":\"a host\"}}\n")]
    [InlineData("{\"ip\":{\"client\":\"\u00e4\0\"}}\n")]
    [InlineData("{\"ip\":{\"client\":1}}\n")]
    public void Of_OtherLines_IsNobody(string line) => Assert.True(Of(line) == 0);

    [Fact]
    public void Of_ALineCutAnywhere_IsNobodyOrTheClient()
    {
        var line = LineOf("10.0.0.1:1");
        var whole = Of(line);
        Assert.All(Enumerable.Range(0, line.Length), length => Assert.True(Of(line[..length]) is var sender && (sender == 0 || sender == whole)));
    }

    private static LocalProcess Longest()
    {
        var process = new LocalProcess(isPending: true);
        process.Found(int.MaxValue);
        return process;
    }

    private static UInt128 Of(string line) => Perisco.SenderOf(Encoding.UTF8.GetBytes(line));

    private static string LineOf(string client, string target = "/", LocalProcess? process = null) =>
        Written(Perisco, Completed(Request("GET", target), Response(200)), Origin(client, process: process));
}
