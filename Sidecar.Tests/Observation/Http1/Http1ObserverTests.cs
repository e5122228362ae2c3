using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http1;
using Xunit;

namespace Sidecar.Tests.Observation.Http1;

public sealed class Http1ObserverTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    [Fact]
    public void Exchange_WithLengths_IsSeen() => new Http1Conversation()
        .Client("POST /push HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").Server(Ok)
        .IsSeenAs("POST /push Http11 [Host: x | Content-Length: 5] 56 > 200 Http11 [Content-Length: 2] 40 Completed");

    [Fact]
    public void Exchanges_OneAfterTheOther_AreEachSeen() => new Http1Conversation()
        .Client(Get).Server(Ok).Client("HEAD /b HTTP/1.1\r\n\r\n").Server("HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n").Client("GET /c HTTP/1.1\r\n\r\n")
        .Server("HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\n\r\n").Client("DELETE /d HTTP/1.1\r\n\r\n").Server("HTTP/1.1 204 No Content\r\n\r\n")
        .IsSeenAs(
            "GET /a Http11 [Host: x] 28 > 200 Http11 [Content-Length: 2] 40 Completed",
            "HEAD /b Http11 [] 20 > 200 Http11 [Content-Length: 700] 40 Completed",
            "GET /c Http11 [] 19 > 304 Http11 [Content-Length: 700] 50 Completed",
            "DELETE /d Http11 [] 22 > 204 Http11 [] 27 Completed");

    [Fact]
    public void Requests_Pipelined_GetTheirResponsesInOrder() => new Http1Conversation()
        .Client("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")
        .Server("HTTP/1.1 201 A\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 202 B\r\nContent-Length: 9\r\n\r\nHTTP/1.1 203 C\r\nContent-Length: 0\r\n\r\n")
        .IsSeenAs(
            "GET /1 Http11 [] 19 > 201 Http11 [Content-Length: 1] 38 Completed",
            "HEAD /2 Http11 [] 20 > 202 Http11 [Content-Length: 9] 37 Completed",
            "GET /3 Http11 [] 19 > 203 Http11 [Content-Length: 0] 37 Completed");

    [Fact]
    public void Response_BehindInterimOnes_IsTheRequestsOwn() => new Http1Conversation()
        .Client("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        .Server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: l\r\n\r\n").Client("x").Server(Ok).Client(Get).Server(Ok)
        .IsSeenAs(
            "PUT /a Http11 [Expect: 100-continue | Content-Length: 1] 61 > 200 Http11 [Content-Length: 2] 102 Completed",
            "GET /a Http11 [Host: x] 28 > 200 Http11 [Content-Length: 2] 40 Completed");

    [Fact]
    public void Bodies_InChunks_EndBehindTheirTrailers() => new Http1Conversation()
        .Client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=\"1\"\r\nwiki\r\n0A\r\n0123\r\n\r\n89\r\n0\r\nSum: 1\r\n\r\n")
        .Server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\nx\r\n000\r\n\r\n").Client(Get).Server(Ok)
        .IsSeenAs(
            "POST / Http11 [Transfer-Encoding: chunked] 93 > 200 Http11 [Transfer-Encoding: gzip, Chunked] 66 Completed",
            "GET /a Http11 [Host: x] 28 > 200 Http11 [Content-Length: 2] 40 Completed");

    [Fact]
    public void Body_WithoutALength_EndsWithTheStream() => new Http1Conversation()
        .Client("GET / HTTP/1.0\r\n\r\n").Server("HTTP/1.0 200 OK\r\n\r\nas much as there is").ServerEnds()
        .IsSeenAs("GET / Http10 [] 18 > 200 Http10 [] 38 Completed");

    [Fact]
    public void Body_CutShort_IsNotComplete() => new Http1Conversation()
        .Client(Get).Server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh").ServerEnds()
        .IsSeenAs("GET /a Http11 [Host: x] 28 > 200 Http11 [Content-Length: 2] 39 Unmatched");

    [Fact]
    public void Request_WithoutAResponse_IsUnmatched() => new Http1Conversation()
        .Client(Get).ServerEnds()
        .IsSeenAs("GET /a Http11 [Host: x] 28 > - Unmatched");

    [Theory]
    [InlineData("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "GET /chat Http11 [Upgrade: websocket] 42 > 101 Http11 [] 26 Completed")]
    [InlineData("CONNECT x:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "CONNECT x:443 Http11 [] 26 > 200 Http11 [] 19 Completed")]
    public void Bytes_BehindAnUpgrade_AreNobodysBusiness(string request, string response, string seen) =>
        new Http1Conversation().Client(request).Server(response + "GET / nonsense").Client("\0\u0001").IsSeenAs(seen);

    [Fact]
    public void Heads_OfLenientPeers_AreRead() => new Http1Conversation()
        .Client("\r\n\nGET http://x/a b?q HTTP/1.1\nHost : x\nEmpty:\nFolded: one\r\n  two\r\n\tthree\r\nHost: y\r\n\r\n")
        .Server("HTTP/1.1 200\nContent-Length: 2, 2\n\nhi")
        .IsSeenAs("GET http://x/a b?q Http11 [Host: x | Empty:  | Folded: one two three | Host: y] 83 > 200 Http11 [Content-Length: 2, 2] 37 Completed");

    [Fact]
    public void Head_BeyondTheLimit_IsTruncatedAndStillUnderstood() => new Http1Conversation { Limits = new() { HeadBytes = 40 } }
        .Client($"GET /a HTTP/1.1\r\nHost: x\r\nCookie: {new string('c', 100)}\r\nContent-Length: 3\r\n\r\nabc").Server(Ok)
        .IsSeenAs($"GET /a Http11 [Host: x | Cookie: {new string('c', 24)}]... 160 > 200 Http11 [Content-Length: 2] 40 Completed");

    // A method that there was no room for still says that its response has no body.
    [Fact]
    public void Head_BeyondTheBudgetOfAllHeads_IsStillHead()
    {
        const int Count = 100;
        var head = $"HEAD /{new string('a', 300)} HTTP/1.1\r\n\r\n";
        var conversation = new Http1Conversation { Limits = new() { HeadBytes = 1024 } }
            .Client(string.Concat(Enumerable.Repeat(head, Count))).Server(string.Concat(Enumerable.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n", Count)));

        Assert.Equal(Count, conversation.Told().Count(told => told.Contains("> 200 Http11 [", StringComparison.Ordinal) && told.EndsWith(" 39 Completed", StringComparison.Ordinal)));
    }

    [Fact]
    public void Target_BeyondTheLimit_IsTruncatedAndStillUnderstood() => new Http1Conversation { Limits = new() { HeadBytes = 40 } }
        .Client($"GET /{new string('a', 500)} HTTP/1.0\r\nHost: x\r\n\r\n").Server("HTTP/1.0 204 No\r\n\r\n")
        .IsSeenAs($"GET /{new string('a', 36)} Http10 []... 527 > 204 Http10 [] 19 Completed");

    [Fact]
    public void Upgrade_ToHttp2_IsHandedOver()
    {
        var seen = new Http1Conversation();
        var observer = new Http1Observer(seen, new(), Unshared.Account());
        ReadOnlySpan<byte> request = "GET /a HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"u8;
        Assert.True(observer.Read(Direction.Request, ref request, 0));
        ReadOnlySpan<byte> response = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\0"u8;
        Assert.False(observer.Read(Direction.Response, ref response, 0));

        Assert.Null(observer.Failure);
        Assert.Equal("\0\0\0"u8, response);
        Assert.Equal("AAMAAABk"u8, observer.Upgrade!.Settings);
        var exchange = observer.TakeUpgraded();
        Assert.Null(exchange.Response);
        observer.Close(new(ExchangeOutcome.Completed), 0);
        Assert.Equal("/a"u8, exchange.Request.Target);
        Assert.Empty(seen.Told());
    }

    [Theory]
    [InlineData("hello\r\n", "a line that is no request line")]
    [InlineData("GET / HTTP/2.0\r\n", "a line that is no request line")]
    [InlineData("GET  HTTP/1.1\r\n", "a line that is no request line")]
    [InlineData("G(T / HTTP/1.1\r\n", "a line that is no request line")]
    [InlineData("GET / HTTP/1.1\r\nno colon\r\n", "a field without a name or a colon")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length of two values")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "Content-Length that is no length")]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "Content-Length and Transfer-Encoding in one request")]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding of a request that does not end in chunked")]
    [InlineData("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in a request of HTTP/1.0")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n", "a blank between Content-Length or Transfer-Encoding and its colon in a request")]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", "Content-Length or Transfer-Encoding in a folded line")]
    [InlineData("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "a chunk without a size")]
    [InlineData("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "a chunk without a size")]
    [InlineData("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", "a chunk that is longer than its size")]
    public void Requests_OfNoSense_EndTheObservation(string text, string failure)
    {
        var conversation = new Http1Conversation().Client(text);
        conversation.FailsFor(failure);
    }

    [Theory]
    [InlineData("HTTP/1.1 99 Low\r\n")]
    [InlineData("HTTP/1.1 2000 High\r\n")]
    [InlineData("HTTP/3.0 200 OK\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    public void Responses_OfNoSense_EndTheObservation(string text) =>
        new Http1Conversation().Client(Get).Server(text).FailsFor("a line that is no status line");

    [Fact]
    public void Response_WithoutARequest_EndsTheObservation() =>
        new Http1Conversation().Server("HTTP/1.1 200 OK\r\n\r\n").FailsFor("a response that nobody asked for");

    [Fact]
    public void Requests_WithoutEndAndResponse_AreBounded() =>
        new Http1Conversation { Memory = 64 * 1024 }.Client(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\n\r\n", 1100))).FailsFor("no memory for what is under way");

    // Whatever follows a whole request, its answer is seen; what was refused is a record with what is known of it.
    [Theory]
    [InlineData("GET /a HTTP/1.1\r\n\r\njunk\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET /a > 200 Completed")]
    [InlineData("GET /a HTTP/1.1\r\n\r\njunk\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", "GET /a > 200 Completed", "  > 400 Completed")]
    [InlineData("GET /a HTTP/1.1\r\n\r\njunk\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 No\r\nContent-Length: 0\r\n\r\n", "GET /a > 200 Completed")]
    [InlineData("POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 No\r\nContent-Length: 0\r\n\r\n", "POST /a > 400 Completed")]
    [InlineData("GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", "GET /1 > 200 Completed", "POST /2 > 400 Completed")]
    [InlineData("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", "POST /a > 400 Completed")]
    [InlineData("GET /a HTTP/1.1\r\nCookie: ", "HTTP/1.1 431 No\r\nContent-Length: 0\r\n\r\n", "GET /a > 431 Completed")]
    [InlineData("GET /a", "HTTP/1.1 414 No\r\nContent-Length: 0\r\n\r\n", "GET /a > 414 Completed")]
    [InlineData("GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", "GET /a > 200 Completed", "  > 408 Completed")]
    [InlineData("GET /a HTTP/1.1 \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", "GET /a > 200 Completed")]
    [InlineData("GET /a HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", "GET /a > 200 Completed")]
    [InlineData("POST /a HTTP/1.1\r\nContent-Length: 0000000000000000001\r\n\r\nx", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000000001\r\nx\r\n00000000000000000000\r\n\r\n", "POST /a > 200 Completed")]
    public void Answers_ThatAreCertain_AreSeen(string client, string server, params string[] seen) =>
        Assert.Equal(seen, new Http1Conversation().Client(client).Server(server).Short());

    private const string Expecting = "POST /u HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n";
    private const string Refusal = "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n";

    // The body was left out, or it was not: no answer goes to what may have been the body.
    [Theory]
    [InlineData("GET /b HTTP/1.1\r\n\r\n", "POST /u > 417 Completed", "GET /b > 200 Completed")]
    [InlineData("POST /b HTTP/1.1\r\nContent-Length: 600\r\n\r\n#600", "POST /u > 417 Completed", "POST /b > 200 Completed")]
    [InlineData("{ \"a\": 1,\r\n 12345678}", "POST /u > 417 Completed")]
    [InlineData("GET / HTTP/1.1\r\nX:GET /real HTTP/1.1\r\n\r\n", "POST /u > 417 Completed")]
    public void Body_ThatMayBeLeftOut_SwallowsNoRequestAndIsNone(string client, params string[] seen)
    {
        var conversation = new Http1Conversation().Client(Expecting).Server(Refusal)
            .Client(client.Replace("#600", new string('x', 600), StringComparison.Ordinal)).Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(seen, conversation.Short());
    }

    [Fact]
    public void Body_ThatIsARequestToo_GetsNoAnswerOfAnother()
    {
        var told = new Http1Conversation().Client(Expecting).Server(Refusal).Client("GET /12 HTTP/1.1\r\n\r\n").Client("GET /real HTTP/1.1\r\n\r\n")
            .Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").Told();
        Assert.DoesNotContain(told, line => line.Contains("> 200", StringComparison.Ordinal));
        Assert.Contains(told, line => line.StartsWith("unobservable: behind a final answer to Expect", StringComparison.Ordinal));
    }
}
