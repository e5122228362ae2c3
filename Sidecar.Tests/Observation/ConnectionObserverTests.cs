using System.Text;
using Sidecar.Connections;
using Xunit;

namespace Sidecar.Tests.Observation;

public sealed class ConnectionObserverTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    [Fact]
    public void Http1_InPiecesOfAnySize_IsDetected()
    {
        Assert.Equal(["GET /a 200 Completed"], new WatchedConnection().Client(Get).Server(Ok).Told);
        Assert.Equal(["GET /a 200 Completed"], new WatchedConnection().PassInBytes(Direction.Request, Encoding.ASCII.GetBytes(Get)).PassInBytes(Direction.Response, Encoding.ASCII.GetBytes(Ok)).Told);
    }

    [Fact]
    public void Server_ThatSpeaksFirst_IsNotObserved() => Assert.Equal(
        ["unobservable: UnknownProtocol, the server speaks first, Response 0"],
        new WatchedConnection().Server("220 mail ESMTP\r\n").Client("EHLO x\r\n").Client(Get).Server(Ok).Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Client_OfAnotherProtocol_IsNotObserved() => Assert.Equal(
        ["unobservable: UnknownProtocol, the client's first bytes are of no known protocol, Request 0"],
        new WatchedConnection().Client("\u0016\u0003\u0001\u0002").Client(Get).Server(Ok).Told);

    [Fact]
    public void Connection_WithoutAByte_TellsNothing() => Assert.Empty(new WatchedConnection().Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Connection_ThatStopsMakingSense_IsToldOnceAndItsExchangesEnd() => Assert.Equal(
        ["GET /a 200 Completed", "GET /a 200 Completed", "unobservable: Http1, a line that is no request line, Request 66"],
        new WatchedConnection().Client(Get).Server(Ok).Client(Get).Client("nonsense\r\n").Client(Get).Server(Ok).Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Gap_EndsTheObservation_AndNothingIsPairedAcrossIt() => Assert.Equal(
        ["GET /a 200 Completed", "GET /a  Unmatched", "unobservable: Gap, 5 bytes were not seen, Response 40"],
        new WatchedConnection().Client(Get).Server(Ok).Client(Get).Misses(Direction.Response, 5).Server(Ok).Client(Get).Server(Ok).Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Gap_BeforeTheProtocolIsKnown_IsToldOnce() => Assert.Equal(
        ["unobservable: Gap, 1 bytes were not seen, Request 0"],
        new WatchedConnection().Client("GE").Misses(Direction.Request, 1).Client(" /a HTTP/1.1\r\n").Misses(Direction.Request, 1).Closes(RelayEndReason.Completed).Told);

    [Theory]
    [InlineData(RelayEndReason.Completed, "GET /a 200 Unmatched")]
    [InlineData(RelayEndReason.ClientReset, "GET /a 200 ClientReset")]
    [InlineData(RelayEndReason.UpstreamReset, "GET /a 200 ServerReset")]
    [InlineData(RelayEndReason.IdleTimeout, "GET /a 200 Timeout")]
    [InlineData(RelayEndReason.HalfClosedTimeout, "GET /a 200 Timeout")]
    [InlineData(RelayEndReason.AdminClosed, "GET /a 200 Unmatched")]
    public void Response_CutShort_TellsWhoCutIt(RelayEndReason reason, string told) =>
        Assert.Equal([told], new WatchedConnection().Client(Get).Server(Ok[..^1]).Closes(reason).Told);

    [Theory]
    [InlineData(Direction.Request, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "GET /a 200 ClientReset")]
    [InlineData(Direction.Request, "", "GET /a  ClientReset")]
    [InlineData(Direction.Response, "", "GET /a  ServerReset")]
    [InlineData(Direction.Response, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "GET /a 200 ServerReset")]
    [InlineData(Direction.Request, Ok, "GET /a 200 Completed")]
    internal void Exchange_ThatAnOrderlyEndCutsShort_IsTheDoingOfWhoEndedFirst(Direction first, string response, string told) => Assert.Equal(
        [told],
        new WatchedConnection().Client(Get).Ends(first).Server(response).Ends(Direction.Request).Ends(Direction.Response).Closes(RelayEndReason.Completed).Told);

    // The rest of the request is still HTTP/1; the server's side is HTTP/2 from its 101 on.
    [Theory]
    [InlineData("h2c")]
    [InlineData("H2C")]
    public void Upgrade_BeforeTheBodyIsWhole_GoesOnAsHttp2(string name)
    {
        byte[] server = [.. Http2.Frames.Settings(), .. Http2.Frames.Headers(1, true, ":status: 204")];
        byte[] client = [.. "def"u8, .. Http2.Frames.Preface, .. Http2.Frames.Settings(), .. Http2.Frames.Headers(3, true, ":method: GET", ":path: /b")];
        var connection = new WatchedConnection().Client("POST /a HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 6\r\n\r\nabc")
            .Server($"HTTP/1.1 101 Switching\r\nUpgrade: {name}\r\n\r\n").PassInBytes(Direction.Response, server).PassInBytes(Direction.Request, client)
            .Pass(Direction.Response, Http2.Frames.Headers(3, true, ":status: 200"));
        Assert.Equal(["POST /a 204 Completed", "GET /b 200 Completed"], connection.Told);
    }

    [Fact]
    public void Upgrade_ToAnotherProtocolBeforeTheBodyIsWhole_IsComplete() => Assert.Equal(
        ["POST /a 101 Completed"],
        new WatchedConnection().Client("POST /a HTTP/1.1\r\nUpgrade: x\r\nContent-Length: 6\r\n\r\nabc").Server("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n").Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Answer_OfAServerThatDoesNotWait_IsRecorded() => Assert.Equal(
        ["  408 Completed"],
        new WatchedConnection().Server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Request_CutShortInOrder_IsTheClientsDoing() => Assert.Equal(
        ["POST /a  ClientReset"],
        new WatchedConnection().Client("POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf").Ends(Direction.Request).Ends(Direction.Response).Closes(RelayEndReason.Completed).Told);

    [Theory]
    [InlineData(RelayEndReason.Completed, "Completed")]
    [InlineData(RelayEndReason.ClientReset, "Completed")]
    [InlineData(RelayEndReason.UpstreamReset, "Completed")]
    public void Response_BeforeTheRequestsEnd_IsEnoughForTheClient(RelayEndReason reason, string outcome) => Assert.Equal(
        [$"POST /a 200 {outcome}"],
        new WatchedConnection().Client("POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf").Server(Ok).Closes(reason).Told);

    [Fact]
    public void Body_UntilTheStreamsEnd_EndsThereWhateverComesLater() => Assert.Equal(
        ["GET /a 200 Completed"],
        new WatchedConnection().Client(Get).Server("HTTP/1.1 200 OK\r\n\r\nall").Ends(Direction.Response).Closes(RelayEndReason.ClientReset).Told);

    [Fact]
    public void Bug_OfAnObserver_EndsTheObservationAlone() => Assert.Equal(
        ["bug: oh"],
        new WatchedConnection { Bug = new InvalidOperationException("oh") }.Client(Get).Server(Ok).Client(Get).Server(Ok).Closes(RelayEndReason.Completed).Told);

    [Fact]
    public void Calls_OfBothDirectionsAtOnce_AreTakenOneByOne()
    {
        const int Count = 5000;
        var connection = new WatchedConnection();
        using var asked = new SemaphoreSlim(0);
        var requests = new Thread(() =>
        {
            for (var i = 0; i < Count; i++)
            {
                connection.PassInBytes(Direction.Request, "GET /a HTTP/1.1\r\n\r\n"u8);
                asked.Release();
                // Within what may be under way.
                while (asked.CurrentCount > 100)
                    Thread.Yield();
            }
        });
        requests.Start();
        for (var i = 0; i < Count; i++)
        {
            asked.Wait(TestContext.Current.CancellationToken);
            connection.PassInBytes(Direction.Response, "HTTP/1.1 204 No\r\n\r\n"u8);
        }

        requests.Join();
        Assert.Equal(Count, connection.Told.Count);
        Assert.All(connection.Told, told => Assert.Equal("GET /a 204 Completed", told));
    }
}
