using Xunit;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Http2;

public sealed class Http2ObserverTests
{
    private const int Cancel = 8;

    private static byte[] Get(int stream, string path, bool ends = true) => Headers(stream, ends, ":method: GET", $":path: {path}");

    private static byte[] Ok(int stream, bool ends = true) => Headers(stream, ends, ":status: 200");

    [Fact]
    public void Exchange_WithBodies_IsSeen()
    {
        byte[] request = [.. Headers(1, false, ":method: POST", ":scheme: http", ":path: /push", ":authority: x", "a: 1", "a: 2"), .. Data(1, "hello"u8), .. Data(1, "."u8, ends: true)];
        byte[] response = [.. Headers(1, false, ":status: 201", "content-length: 2"), .. Data(1, "hi"u8, ends: true)];
        new Http2Conversation { WithBytes = true }.Client(request).Server(response)
            .IsSeenAs($"POST /push [:scheme: http | :authority: x | a: 1 | a: 2] {request.Length} > 201 [content-length: 2] {response.Length} Completed");
    }

    [Fact]
    public void Streams_SideBySide_EndEachOnTheirOwn() => new Http2Conversation()
        .Client(Get(1, "/1"), Get(3, "/3"), Get(5, "/5", ends: false))
        .Server(Ok(5, ends: false), Ok(3), Ok(1, ends: false), Data(5, "x"u8, ends: true), Data(1, "x"u8))
        .Client(Data(5, ""u8, ends: true)).Server(Data(1, "y"u8, ends: true))
        .IsSeenAs("GET /3 [] > 200 [] Completed", "GET /5 [] > 200 [] Completed", "GET /1 [] > 200 [] Completed");

    [Fact]
    public void Times_AreThoseOfTheFramesTheyNeed() => new Http2Conversation { WithTimes = true }
        .Client(Get(1, "/")[..5]).Client(Get(1, "/")[5..]).Server(Headers(1, false, ":status: 103")[..1]).Server(Headers(1, false, ":status: 103")[1..])
        .Server(Ok(1, ends: false)).Server(Data(1, "x"u8)).Server(Data(1, ""u8, ends: true)).Client(Ping())
        .IsSeenAs("GET / [] > 200 [] Completed 2 3 6 8");

    [Fact]
    public void Request_BegunInContinuations_StartsWithItsFirstFrame() => new Http2Conversation { WithTimes = true }
        .Client(HeaderBlock(1, Plain(":method: GET"), ends: true, endsBlock: false)).Server(Ping()).Client(Continuation(1, Plain(":path: /"), endsBlock: true)).Server(Ok(1))
        .IsSeenAs("GET / [] > 200 [] Completed 2 4 5 5");

    [Fact]
    public void Frames_PaddedAndContinued_AreRead()
    {
        var field = Plain("a: b");
        byte[] request =
        [
            .. HeaderBlock(1, Plain(":method: PUT", ":path: /"), endsBlock: false, padding: 3, hasPriority: true),
            .. Continuation(1, field[..3], endsBlock: false), .. Continuation(1, [], endsBlock: false), .. Continuation(1, field[3..], endsBlock: true),
            .. Data(1, "body"u8, padding: 0), .. WindowUpdate(1), .. Data(1, ""u8, ends: true, padding: 255),
        ];
        byte[] response = [.. HeaderBlock(1, Plain(":status: 200"), ends: true, endsBlock: false, padding: 1), .. Continuation(1, [], endsBlock: true)];
        new Http2Conversation { WithBytes = true }.Client(request).Server(response)
            .IsSeenAs($"PUT / [a: b] {request.Length} > 200 [] {response.Length} Completed");
    }

    [Fact]
    public void Response_BehindInterimOnes_IsTheFinalOne() => new Http2Conversation()
        .Client(Get(1, "/a", ends: false)).Server(Headers(1, false, ":status: 100")).Client(Data(1, "x"u8, ends: true))
        .Server(Headers(1, false, ":status: 103", "link: l"), Headers(1, false, ":status: 200", "a: b"), Headers(1, true, "sum: 1"))
        .IsSeenAs("GET /a [] > 200 [a: b] + [sum: 1] Completed");

    [Theory]
    [InlineData("HEAD", 200)]
    [InlineData("GET", 204)]
    [InlineData("GET", 304)]
    public void Response_WithoutABody_EndsWithItsHead(string method, int status) => new Http2Conversation()
        .Client(Headers(1, true, $":method: {method}", ":path: /")).Server(Headers(1, true, $":status: {status}", "content-length: 700"))
        .IsSeenAs($"{method} / [] > {status} [content-length: 700] Completed");

    [Fact]
    public void Connect_HasItsAuthorityAsTarget() => new Http2Conversation()
        .Client(Headers(1, false, ":method: CONNECT", ":authority: x:443")).Server(Ok(1, ends: false)).Client(Data(1, "a"u8), Data(1, ""u8, ends: true)).Server(Data(1, "b"u8, ends: true))
        .IsSeenAs("CONNECT x:443 [:authority: x:443] > 200 [] Completed");

    [Fact]
    public void Connect_OfAnotherProtocol_HasItsPathAsTarget() => new Http2Conversation()
        .Client(Headers(1, true, ":method: CONNECT", ":protocol: websocket", ":path: /chat", ":authority: x")).Server(Ok(1))
        .IsSeenAs("CONNECT /chat [:protocol: websocket | :authority: x] > 200 [] Completed");

    [Fact]
    public void Request_WithTrailers_EndsWithThem() => new Http2Conversation()
        .Client(Get(1, "/", ends: false), Data(1, "x"u8), Headers(1, true, "sum: 1")).Server(Ok(1))
        .IsSeenAs("GET / [] > 200 [] Completed");

    [Theory]
    [InlineData(false, "ClientReset")]
    [InlineData(true, "ServerReset")]
    public void Stream_ResetBeforeItsEnd_IsTheResetters(bool isServers, string outcome)
    {
        var (none, part) = (Reset(1, Cancel), Reset(3, 0));
        var conversation = new Http2Conversation().Client(Get(1, "/1"), Get(3, "/3")).Server(Ok(3, ends: false));
        (isServers ? conversation.Server(none, part) : conversation.Client(none, part))
            .Server(Ok(1), Data(3, "late"u8, ends: true)).Client(Reset(1, Cancel), WindowUpdate(3))
            .IsSeenAs($"GET /1 [] > - {outcome}", $"GET /3 [] > 200 [] {outcome}");
    }

    [Theory]
    [InlineData(true, 0, "Completed")]
    [InlineData(false, 0, "Completed")]
    [InlineData(true, 2, "ServerReset")]
    [InlineData(false, Cancel, "Completed")]
    public void Response_BeforeTheRequestsEnd_IsWholeUnlessAnErrorFollows(bool isServers, int error, string outcome)
    {
        var conversation = new Http2Conversation().Client(Get(1, "/", ends: false)).Server(Ok(1));
        (isServers ? conversation.Server(Reset(1, error)) : conversation.Client(Reset(1, error))).IsSeenAs($"GET / [] > 200 [] {outcome}");
    }

    [Fact]
    public void Streams_BehindTheLastServed_AreUnmatched() => new Http2Conversation()
        .Client(Get(1, "/1", ends: false), Get(3, "/3", ends: false), Get(5, "/5")).Server(GoAway(int.MaxValue), GoAway(1))
        .IsSeenAs("GET /1 [] > - Unmatched", "GET /3 [] > - Unmatched", "GET /5 [] > - Unmatched");

    [Fact]
    public void Streams_OpenAtTheEnd_AreJudgedByWhatTheyLack() => new Http2Conversation()
        .Client(Get(1, "/1"), Get(3, "/3"), Get(5, "/5", ends: false)).Server(Ok(1, ends: false)).Client(Get(7, "/7")[..^1])
        .IsSeenAs("GET /1 [] > 200 [] Unmatched", "GET /3 [] > - Unmatched", "GET /5 [] > - Unmatched");

    [Fact]
    public void Frames_WithoutMeaningHere_AreSkipped() => new Http2Conversation()
        .Client(Frame(0xBE, 0xFF, 1, new byte[300]), Frame(2, 0, 1, new byte[5]), Frame(2, 0, 1, new byte[4]), WindowUpdate(0), Get(1, "/"), Ping(), Settings((4, 9), (0x99, -1)))
        .Server(Frame(12, 0, 0, [.. "origin"u8]), Ping(), Data(9, "?"u8), WindowUpdate(1), Ok(1))
        .IsSeenAs("GET / [] > 200 [] Completed");

    [Fact]
    public void Client_ThatAcknowledgesBeforeItsSettings_IsUnderstood() => new Http2Conversation([], Settings())
        .Client([.. Preface, .. SettingsAck()]).Client(Settings(), Get(1, "/")).Server(Ok(1)).IsSeenAs("GET / [] > 200 [] Completed");

    [Fact]
    public void Frames_OfNoSenseBehindARequest_DoNotHideItsAnswer()
    {
        var conversation = new Http2Conversation().Client(Get(1, "/1"), Get(3, "/3", ends: false), Data(0, "x"u8)).Server(Ok(1), Ok(5), Ok(3));
        foreach (var piece in new[] { int.MaxValue, 1 })
            Assert.Equal(["GET /1 [] > 200 [] Completed", "GET /3 [] > 200 [] Completed", "unobservable: a frame on a wrong stream"], conversation.See(piece));
    }

    [Fact]
    public void Server_ThatSpeaksFirst_IsUnderstood() => new Http2Conversation([], Settings())
        .Client(Preface.ToArray()).Client(Settings(), Get(1, "/")).Server(Ok(1)).IsSeenAs("GET / [] > 200 [] Completed");

    [Fact]
    public void Pushes_AreNoExchanges() => new Http2Conversation()
        .Client(Get(1, "/")).Server(PushPromise(1, 2, Plain(":method: GET", ":path: /pushed"), padding: 2), Ok(1), Ok(2, ends: false), Data(2, "x"u8, ends: true)).Client(Reset(2, Cancel))
        .IsSeenAs("GET / [] > 200 [] Completed");

    [Fact]
    public void Blocks_OfStreamsThatAreNotFollowed_StillFillTheTable()
    {
        // Kept in the table under 62, 63, ... by blocks of a promise, a reset stream, trailers too many; then the request's trailers.
        byte[] Kept(string name) => [0x40, .. Plain($"{name}: {name}")[1..]];
        new Http2Conversation()
            .Client(Get(1, "/1"), Reset(1, Cancel), HeaderBlock(1, Kept("a"), ends: true), Get(3, "/3", ends: false), HeaderBlock(3, Kept("b")))
            .Server(PushPromise(3, 2, Kept("c")), HeaderBlock(1, Kept("d")), HeaderBlock(2, Kept("e")))
            .Client(HeaderBlock(5, [.. Plain(":method: GET", ":path: /5"), 0xBE, 0xBF], ends: true)).Server(HeaderBlock(5, [0x88, 0xBE, 0xBF, 0xC0], ends: true))
            .Client(Data(3, ""u8, ends: true)).Server(Ok(3))
            .IsSeenAs("GET /1 [] > - ClientReset", "GET /5 [b: b | a: a] > 200 [e: e | d: d | c: c] Completed", "GET /3 [] > 200 [] Completed");
    }

    [Fact]
    public void Head_BeyondTheLimit_IsTruncatedAndStillUnderstood() => new Http2Conversation { Limits = new() { HeadBytes = 40 } }
        .Client(Headers(1, true, ":method: GET", ":path: /a", $"cookie: {new string('c', 100)}", "x: y")).Server(Ok(1))
        .IsSeenAs($"GET /a [cookie: {new string('c', 29)}]... > 200 [] Completed");

    [Fact]
    public void Messages_OfNoSense_LeaveTheConnectionSensible() => new Http2Conversation()
        .Client(Headers(1, true), Get(3, "/3", ends: false), Headers(3, true, "x: y"), Headers(3, false, "x: y"))
        .Server(Headers(1, true, ":status: 2000"), Ok(3, ends: false), Headers(3, false, "sum: 1"), Headers(3, true, "sum: 2"))
        .IsSeenAs("  [] > 0 [] Completed", "GET /3 [] > 200 [] + [sum: 1] Completed");
}
