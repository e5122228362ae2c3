using System.Text;
using Oracle.Protocol;
using Sidecar.Handshakes.Names;
using Xunit;
using static Sidecar.Tests.Handshakes.Names.HelloBytes;

namespace Sidecar.Tests.Handshakes.Names;

public sealed class HttpHostNameTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "a.test")]
    [InlineData("GET / HTTP/1.0\nhost:A.Test.:8080\n\n", "a.test")]
    [InlineData("VERSION-CONTROL /x?y=z HTTP/1.1\r\nAccept: */*\r\nHOST:\t a.test \t\r\nCookie: Host: b.test\r\n\r\n", "a.test")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a.test:\r\n\r\n", "a.test")]
    [InlineData("GET /?u=http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "a.test")]
    [InlineData("CONNECT b.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n", "a.test")]
    // The field counts for nothing beside a whole URL.
    [InlineData("GET http://B.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", "b.test")]
    [InlineData("GET HTTPS://b.test:8443?x HTTP/1.1\r\n\r\n", "b.test")]
    [InlineData("GET http:///x HTTP/1.1\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET http://user@b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET http://[::1]:80/ HTTP/1.1\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost:\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: [fd00::1]:80\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test:http\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n", null)]
    // What servers must refuse (RFC 9112, 3.2 and 5).
    [InlineData("GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test\r\n .evil\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.1\r\nnothing\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET  HTTP/1.1\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.2\r\nHost: a.test\r\n\r\n", null)]
    [InlineData("GET /\r\nHost: a.test\r\n\r\n", null)]
    // Other protocols, which are not waited for.
    [InlineData("PRI * HTTP/2.0\r\n", null)]
    [InlineData("EHLO a.test\r\n", null)]
    [InlineData("*1\r\n", null)]
    [InlineData("bonjour abc a.test 80\n", null)]
    [InlineData("\r\n", null)]
    [InlineData(" ", null)]
    [InlineData("\0\0\0\u0008", null)]
    [InlineData("GET /\0", null)]
    [InlineData("GET\r\n", null)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", null)]
    public void Request_CutAtEveryByte_HasItsHostAtItsEnd(string text, string? expected)
    {
        var wire = Encoding.Latin1.GetBytes(text);
        Assert.Equal((ReadStatus.Complete, expected), Look(wire));
        for (var cut = 0; cut < wire.Length; cut++)
        {
            var part = Look(wire.AsMemory(..cut));
            // A decision on a part is final.
            Assert.True(part == (ReadStatus.Incomplete, null) || part == (ReadStatus.Complete, expected), $"{cut}: {part}");
            Assert.Equal((ReadStatus.Complete, expected), Look(wire.AsMemory(..cut), wire.AsMemory(cut..)));
        }
    }

    [Theory]
    [InlineData("G")]
    [InlineData("GET")]
    [InlineData("GET /x\r")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test\r\n\r")]
    public void Request_ThatGoesOn_IsWaitedFor(string begun) => Assert.Equal((ReadStatus.Incomplete, null), Look(Encoding.Latin1.GetBytes(begun)));

    [Fact]
    public void Request_WhoseHeadDoesNotFit_HasNoHost()
    {
        var fits = Head(NameSearch.MaxBytes);
        Assert.Equal((ReadStatus.Complete, "a.test"), Look(fits));
        Assert.Equal((ReadStatus.Incomplete, null), Look(fits.AsMemory(..^1)));
        Assert.Equal((ReadStatus.Complete, null), Look(Head(NameSearch.MaxBytes + 1)));

        static byte[] Head(int length)
        {
            const string start = "GET / HTTP/1.1\r\nHost: a.test\r\nCookie: ", end = "\r\n\r\n";
            return Encoding.ASCII.GetBytes(start + new string('c', length - start.Length - end.Length) + end);
        }
    }
}
