using System.Text;
using Sidecar.Observation;
using Xunit;

namespace Sidecar.Tests.Observation;

public sealed class ProtocolDetectionTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", "Http1")]
    [InlineData("G", "Undecided")]
    [InlineData("P", "Undecided")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r", "Undecided")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "Http2")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", "Http2")]
    [InlineData("PROPFIND /a HTTP/1.1", "Http1")]
    [InlineData("\r\n\r\nGET /", "Http1")]
    [InlineData("\r\n", "Undecided")]
    [InlineData("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", "Unknown")]
    [InlineData(" GET /", "Unknown")]
    [InlineData("\u0016\u0003\u0001", "Unknown")]
    [InlineData("*1\r\n", "Unknown")]
    [InlineData("UPDATEREDIRECTREF", "Undecided")]
    [InlineData("AWORDOFTWENTYFOURLETTERS", "Unknown")]
    public void OfClient_FirstBytes_AreJudged(string first, string expected) =>
        Assert.Equal(expected, ProtocolDetection.OfClient(Encoding.Latin1.GetBytes(first)).ToString());

    [Theory]
    [InlineData("000000040000000000", "Http2")]
    [InlineData("00000604000000000000030000", "Http2")]
    [InlineData("0000060400000000", "Undecided")]
    [InlineData("00", "Undecided")]
    [InlineData("000005040000000000", "Unknown")]
    [InlineData("000006040100000000", "Unknown")]
    [InlineData("000006040000000001", "Unknown")]
    [InlineData("000006010000000000", "Unknown")]
    [InlineData("5353482d", "Unknown")]
    [InlineData("48545450", "Undecided")]
    [InlineData("485454502f312e", "Http1")]
    [InlineData("485454502f32", "Unknown")]
    public void OfServer_FirstBytes_AreJudged(string hex, string expected) =>
        Assert.Equal(expected, ProtocolDetection.OfServer(Convert.FromHexString(hex)).ToString());
}
