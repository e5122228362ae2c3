using Xunit;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>What ends the observation of a connection.</summary>
public sealed class FramingTests
{
    public static TheoryData<string, byte[]> FaultsOfAClient => new()
    {
        { "a header block that is not continued", [.. HeaderBlock(1, [], endsBlock: false), .. Ping()] },
        { "a header block that is not continued", [.. HeaderBlock(1, [], endsBlock: false), .. HeaderBlock(1, [])] },
        { "a header block that is not continued", [.. HeaderBlock(1, [], endsBlock: false), .. Frame(0xBE, 4, 1)] },
        { "a header block that is not continued", [.. HeaderBlock(1, [], endsBlock: false), .. Continuation(3, [], endsBlock: true)] },
        { "a header block that is not continued", Continuation(1, [], endsBlock: true) },
        { "a header block that is not continued", [.. HeaderBlock(1, []), .. Continuation(1, [], endsBlock: true)] },
        { "a frame of a wrong length", Frame(3, 0, 1, 0, 0, 0) },
        { "a frame of a wrong length", Frame(3, 0, 1, 0, 0, 0, 0, 0) },
        { "a frame of a wrong length", Frame(4, 0, 0, new byte[7]) },
        { "a frame of a wrong length", Frame(4, 0, 0, new byte[5]) },
        { "a frame of a wrong length", Frame(4, 1, 0, new byte[6]) },
        { "a frame of a wrong length", Frame(6, 0, 0, new byte[9]) },
        { "a frame of a wrong length", Frame(7, 0, 0, new byte[7]) },
        { "a frame of a wrong length", Frame(8, 0, 0, new byte[5]) },
        { "a frame of a wrong length", Frame(0, 8, 1) },
        { "a frame of a wrong length", Frame(1, 0x24, 1, 0, 0, 0, 0) },
        { "a padding longer than its frame", Frame(0, 8, 1, 1) },
        { "a padding longer than its frame", Frame(1, 0xC, 1, 3, 0, 0) },
        { "a frame on a wrong stream", Data(0, "x"u8) },
        { "a frame on a wrong stream", HeaderBlock(0, []) },
        { "a frame on a wrong stream", Frame(3, 0, 0, 0, 0, 0, 0) },
        { "a frame on a wrong stream", Frame(4, 0, 1) },
        { "a frame on a wrong stream", Frame(6, 0, 1, new byte[8]) },
        { "a frame on a wrong stream", Frame(7, 0, 1, new byte[8]) },
        { "a promise of the client's", PushPromise(1, 2, []) },
        { "a request on a stream of the server's", HeaderBlock(2, []) },
        { "a broken header block", HeaderBlock(1, [0x80]) },
    };

    [Theory]
    [MemberData(nameof(FaultsOfAClient))]
    public void Frames_OfNoSense_EndTheObservation(string failure, byte[] frames) => new Http2Conversation().Client(frames).FailsFor(failure);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r ")]
    public void Preface_ThatIsNone_EndsTheObservation(string text) =>
        new Http2Conversation([.. text.Select(c => (byte)c)], Settings()).FailsFor("no HTTP/2 preface");

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("\0\0\0\x4\x1\0\0\0\0")]
    public void Server_WithoutSettings_EndsTheObservation(string text) =>
        new Http2Conversation([.. Preface, .. Settings()], [.. text.Select(c => (byte)c)]).FailsFor("no HTTP/2 settings at first");

    [Fact]
    public void Client_WithoutSettings_EndsTheObservation() => new Http2Conversation([.. Preface, .. Ping()], Settings()).FailsFor("no HTTP/2 settings at first");

    [Fact]
    public void Response_WithoutARequest_EndsTheObservation() =>
        new Http2Conversation().Server(Headers(1, true, ":status: 200")).FailsFor("a response that nobody asked for");

    [Fact]
    public void Requests_WithoutEndAndResponse_AreBounded() => new Http2Conversation { Memory = 16 * 1024 }
        .Client([.. Enumerable.Range(0, 100).Select(i => Headers((2 * i) + 1, true, ":method: GET", $":path: /{i}"))])
        .FailsFor("no memory for what is under way");

    [Fact]
    public void Observation_ThatHasFailed_LeavesTheBytesAndReportsWhatIsOpen()
    {
        var conversation = new Http2Conversation().Client(Headers(1, true, ":method: GET", ":path: /")).Server([.. Data(0, "x"u8), .. Headers(1, true, ":status: 200")]);
        Assert.Equal(["unobservable: a frame on a wrong stream", "GET / [] > - Unmatched"], conversation.See(int.MaxValue));
    }
}
