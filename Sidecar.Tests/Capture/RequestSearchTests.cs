using System.Text;
using Sidecar.Capture;
using Sidecar.Observation.Memory;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>Where a message certainly begins, on a connection of which bytes were lost.</summary>
public sealed class RequestSearchTests : IDisposable
{
    private readonly ObservationMemory _memory = new(1024 * 1024);
    private readonly RequestSearch _search;

    public RequestSearchTests() => _search = new RequestSearch(_memory, (call, state) => call(state), isOfHttp1: false);

    public void Dispose()
    {
        _search.Release();
        Assert.Equal(0, _memory.Used);
        _memory.Dispose();
    }

    [Fact]
    public void Request_AfterAServersSegmentAndBeforeAnAnswer_IsFound()
    {
        Assert.Equal(SearchResult.Searching, Server("the rest of a body"));
        Assert.Equal(SearchResult.Searching, Client("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Equal(SearchResult.Found, Server("HTTP/1.1 200 OK\r\n"));

        Assert.Equal(["GET /a HTTP/1.1\r\nHost: x\r\n\r\n"], _search.Pieces.Select(piece => Encoding.ASCII.GetString(piece.Bytes)));
        Assert.True(_search.IsFromClient);
    }

    [Fact]
    public void Request_OfTwoSegments_IsFoundWhole()
    {
        Server("x");
        Client("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n");
        Client("abc");

        Assert.Equal(SearchResult.Found, Server("HTTP/1.0 204 No Content\r\n\r\n"));
        Assert.Equal(2, _search.Pieces.Count);
    }

    [Fact]
    public void Sides_ThatWereGuessedWrong_AreTurned()
    {
        Client("x");
        Server("GET /a HTTP/1.1\r\n\r\n");

        Assert.Equal(SearchResult.Found, Client("HTTP/1.1 200 OK\r\n"));
        Assert.False(_search.IsFromClient);
    }

    [Theory]
    [InlineData("GET /a HTTP/1.1\r\n\r\n")] // the first segment that was seen: it can be a part of a body
    [InlineData("c:x", "GET /a HTTP/1.1\r\n\r\n")] // behind another one of the client
    [InlineData("s:HTTP/1.1 100 Continue\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n")] // a body that the server has asked for
    [InlineData("s:x", "GET /a HTTP/1.1")] // no whole line
    [InlineData("s:x", "GET /a HTTP/2.0\r\n")]
    [InlineData("s:x", " /a HTTP/1.1\r\n")]
    [InlineData("s:x", "G(T /a HTTP/1.1\r\n")]
    [InlineData("s:x", "GET /a HTTP/1.1\r\n", "s:x")] // not answered
    public void Text_ThatMayBelongToABody_IsNotTaken(params string[] segments)
    {
        foreach (var segment in segments)
            Assert.Equal(SearchResult.Searching, segment.StartsWith("s:", StringComparison.Ordinal) ? Server(segment[2..]) : Client(segment.StartsWith("c:", StringComparison.Ordinal) ? segment[2..] : segment));

        Assert.NotEqual(SearchResult.Found, Server("HTTP/1.1 200 OK\r\n\r\n"));
    }

    [Fact]
    public void Gap_ForgetsWhatHasBegun()
    {
        Server("x");
        Client("GET /a HTTP/1.1\r\n\r\n");
        _search.Gap();

        Assert.Equal(SearchResult.Searching, Server("HTTP/1.1 200 OK\r\n\r\n"));
        Assert.Empty(_search.Pieces);
        Assert.Equal(0, _memory.Used);
    }

    [Fact]
    public void Request_ThatIsTooLong_IsForgotten()
    {
        Server("x");
        Client("POST /a HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
        for (var i = 0; i < 40; i++)
            Client(new string('a', 1000));

        Assert.Equal(SearchResult.Searching, Server("HTTP/1.1 200 OK\r\n\r\n"));
        Assert.Equal(0, _memory.Used);
        Client("GET /b HTTP/1.1\r\n\r\n");
        Assert.Equal(SearchResult.Found, Server("HTTP/1.1 200 OK\r\n\r\n"));
    }

    [Fact]
    public void Preface_IsTheBeginningOfHttp2() => Assert.Equal(SearchResult.Found, Client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));

    [Theory]
    [InlineData("1603010200")] // TLS: a handshake
    [InlineData("1403030001011603030028")] // TLS: two records
    [InlineData("17030300100102")] // TLS: data
    [InlineData("0000040800000000000000ffff")] // HTTP/2: WINDOW_UPDATE
    [InlineData("00000000010000000300000200000000000500ff")] // DATA without bytes, then DATA of two
    public void OtherProtocols_AreGivenUp(string hex) => Assert.Equal(SearchResult.Never, _search.Read(isFromClient: true, Convert.FromHexString(hex), 0));

    [Theory]
    [InlineData("1603010200")]
    [InlineData("17030300100102")]
    [InlineData("0000040800000000000000ffff")]
    [InlineData("505249202a20485454502f322e300d0a0d0a534d0d0a0d0a")] // the preface of HTTP/2
    public void Bytes_OfABody_AreNoOtherProtocol(string hex)
    {
        var search = new RequestSearch(_memory, (call, state) => call(state), isOfHttp1: true);

        Assert.Equal(SearchResult.Searching, search.Read(isFromClient: true, Convert.FromHexString(hex), 0));
        Assert.Equal(SearchResult.Searching, search.Read(isFromClient: false, Convert.FromHexString(hex), 0));
        search.Read(isFromClient: true, "GET / HTTP/1.1\r\n\r\n"u8, 0);
        Assert.Equal(SearchResult.Found, search.Read(isFromClient: false, "HTTP/1.1 200 OK\r\n"u8, 0));
        search.Release();
    }

    [Theory]
    [InlineData("1703")] // too short
    [InlineData("1903030010")] // no type
    [InlineData("1703050010")] // no version
    [InlineData("17030341010102")] // longer than a record can be
    [InlineData("170303000101ffffffffff")] // no record follows
    public void Bytes_ThatAreNoTls_AreNone(string hex) => Assert.Equal(SearchResult.Searching, _search.Read(isFromClient: true, Convert.FromHexString(hex), 0));

    [Fact]
    public void Preface_BehindOtherBytes_IsNone()
    {
        Client("x");

        Assert.Equal(SearchResult.Searching, Client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    }

    [Fact]
    public void LetGo_ReleasesWhatWaits()
    {
        Server("x");
        Client("GET /a HTTP/1.1\r\n\r\n");
        _search.LetGo();

        Assert.Equal(0, _memory.Used);
    }

    private SearchResult Client(string text) => _search.Read(isFromClient: true, Encoding.ASCII.GetBytes(text), 0);

    private SearchResult Server(string text) => _search.Read(isFromClient: false, Encoding.ASCII.GetBytes(text), 0);
}
