using System.Text;
using Sidecar.Connections;
using Sidecar.Observation.Grpc;
using Sidecar.Observation.Http2;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Tests.Observation.Http2;
using Sidecar.Tests.Observation.Http2.Hpack;
using Xunit;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Grpc;

public sealed class GrpcTests
{
    [Fact]
    public void Call_Unary_HasItsStatusAndAMessageEachWay() => new Http2Conversation()
        .Client(Call(1), Data(1, Message(300), ends: true)).Server(Answer(1), Data(1, Message(0)), Headers(1, true, "grpc-status: 0"))
        .IsSeenAs("POST /a.B/C [content-type: application/grpc] > 200 [content-type: application/grpc] + [grpc-status: 0] grpc 0 1/1 Completed");

    [Fact]
    public void Messages_AcrossFrames_AreCountedOnce()
    {
        byte[] messages = [.. Message(3), .. Message(0), .. Message(20), .. Message(70_000), .. Message(1)];
        new Http2Conversation()
            .Client([Call(1), .. messages.Chunk(6).Take(5).Select(piece => Data(1, piece, padding: 2)), Data(1, messages.AsSpan(30)), Data(1, ""u8, ends: true)])
            .Server(Answer(1), Data(1, messages.AsSpan(0, messages.Length - 2)), Headers(1, true, "grpc-status: 14", "grpc-message: gone"))
            .IsSeenAs("POST /a.B/C [content-type: application/grpc] > 200 [content-type: application/grpc] + [grpc-status: 14 | grpc-message: gone] grpc 14 5/4 Completed");
    }

    [Fact]
    public void Calls_SideBySide_CountApart() => new Http2Conversation()
        .Client(Call(1), Call(3), Data(1, Message(9).AsSpan(0, 3)), Data(3, Message(1).AsSpan(0, 4)), Data(1, Message(9).AsSpan(3)), Data(3, Message(1).AsSpan(4), ends: true), Data(1, Message(0), ends: true))
        .Server(Headers(3, true, ":status: 200", "grpc-status: 12"), Headers(1, true, ":status: 200", "grpc-status: x"))
        .IsSeenAs(
            "POST /a.B/C [content-type: application/grpc] > 200 [grpc-status: 12] grpc 12 1/0 Completed",
            "POST /a.B/C [content-type: application/grpc] > 200 [grpc-status: x] grpc 2 2/0 Completed");

    [Fact]
    public void Call_Cancelled_IsCancelled() => new Http2Conversation()
        .Client(Call(1), Data(1, Message(1))).Server(Headers(1, false, ":status: 200", "grpc-status: 0"), Data(1, [.. Message(4), .. Message(4), 0, 0, 0])).Client(Reset(1, 8))
        .IsSeenAs("POST /a.B/C [content-type: application/grpc] > 200 [grpc-status: 0] grpc 1 1/2 ClientReset");

    [Fact]
    public void Status_InTheHeadOfAResponseWithoutTrailers_IsTheCalls() => new Http2Conversation()
        .Client(Call(1), Data(1, Message(1), ends: true)).Server(Headers(1, false, ":status: 200", "grpc-status: 5"), Data(1, ""u8, ends: true))
        .IsSeenAs("POST /a.B/C [content-type: application/grpc] > 200 [grpc-status: 5] grpc 5 1/0 Completed");

    [Theory]
    [InlineData(0, 13)]
    [InlineData(2, 13)]
    [InlineData(7, 14)]
    [InlineData(8, 1)]
    [InlineData(11, 8)]
    [InlineData(12, 7)]
    public void Call_ThatTheServerResets_HasTheStatusThatGrpcGivesIt(int error, int status) => new Http2Conversation()
        .Client(Call(1)).Server(Reset(1, error))
        .IsSeenAs($"POST /a.B/C [content-type: application/grpc] > - grpc {status} 0/0 ServerReset");

    [Theory]
    [InlineData("1n", 4)]
    [InlineData("99999999H", 1)]
    [InlineData("1x", 1)]
    [InlineData("S", 1)]
    public void Call_CancelledBehindItsDeadline_HasExceededIt(string timeout, int status) => new Http2Conversation()
        .Client(Headers(1, false, ":method: POST", ":path: /a.B/C", "content-type: application/grpc", $"grpc-timeout: {timeout}")).Client(Ping()).Client(Reset(1, 8))
        .IsSeenAs($"POST /a.B/C [content-type: application/grpc | grpc-timeout: {timeout}] > - grpc {status} 0/0 ClientReset");

    [Theory]
    [InlineData(404, 12)]
    [InlineData(503, 14)]
    [InlineData(500, 2)]
    public void Call_AnsweredByHttpAlone_HasTheStatusThatGrpcMakesOfIt(int http, int status) => new Http2Conversation()
        .Client(Call(1)).Server(Headers(1, true, $":status: {http}")).Client(Data(1, ""u8, ends: true))
        .IsSeenAs($"POST /a.B/C [content-type: application/grpc] > {http} [] grpc {status} 0/0 Completed");

    // What is longer than a record's head is cut, and what stands behind it is not kept; it counts all the same.
    [Fact]
    public void Call_BehindALargeField_IsACallWithDeadlineAndStatus()
    {
        var large = new string('v', 500);
        new Http2Conversation { Limits = new() { HeadBytes = 80 } }
            .Client(HeaderBlock(1, [.. BeginsCall, .. Indexed("x-large", large), .. Indexed("content-type", "application/grpc"), .. Indexed("grpc-timeout", "1n")]))
            .Client(HeaderBlock(3, [.. BeginsCall, 0xC0, 0xBF, 0xBE]), Ping()).Client(Reset(3, 8))
            .Server(Headers(1, false, ":status: 200"), Headers(1, true, $"x-large: {large}", "grpc-status: 5")).Client(Data(1, ""u8, ends: true))
            .IsSeenAs(
                $"POST /a.B/C [x-large: {large[..63]}]... > - grpc 4 0/0 ClientReset",
                $"POST /a.B/C [x-large: {large[..63]}]... > 200 [] + [x-large: {large[..73]}]... grpc 5 0/0 Completed");
    }

    // Their bytes on the wire are a hundredth of what they stand for.
    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(900, 100, 900)]
    public void Field_ThatEveryCallRepeatsByNumber_StaysInTheRecordAsFarAsThereIsMemory(int atOnce, int leastCut, int mostCut)
    {
        const int calls = 1000;
        const int field = 4000;
        var account = new ObservationMemory(ObservationLimits.DefaultMemory).Open();
        var seen = new SeenExchanges();
        var observer = new Http2Observer(seen, new(), account, TimeProvider.System);
        void Pass(Direction direction, byte[] bytes)
        {
            ReadOnlySpan<byte> rest = bytes;
            Assert.True(observer.Read(direction, ref rest, 0));
        }

        Pass(Direction.Request, [.. Preface, .. Settings()]);
        Pass(Direction.Response, Settings());
        for (var i = 0; i < calls + atOnce; i++)
        {
            byte[] fields = i == 0 ? Indexed("x-large", new string('v', field)) : [0xBE];
            if (i < calls)
                Pass(Direction.Request, HeaderBlock((2 * i) + 1, [.. BeginsCall, .. fields, .. Plain("content-type: application/grpc")], ends: true));
            if (i >= atOnce)
                Pass(Direction.Response, Headers((2 * (i - atOnce)) + 1, true, ":status: 200", "grpc-status: 0"));
        }

        Assert.Equal(calls, seen.Lines.Count);
        Assert.All(seen.Lines, line => Assert.Contains("[x-large: vvvvvvvvvv", line, StringComparison.Ordinal));
        Assert.All(seen.Lines, line => Assert.Contains(" grpc 0 0/0 Completed", line, StringComparison.Ordinal));
        Assert.InRange(seen.Lines.Count(line => line.Contains("...", StringComparison.Ordinal)), leastCut, mostCut);
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc;charset=utf-8", true)]
    [InlineData("Application/GRPC", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grp", false)]
    [InlineData("text/plain", false)]
    public void Request_OfAContentType_IsACallOrNot(string type, bool isCall)
    {
        var seen = new Http2Conversation().Client(Headers(1, true, ":method: POST", ":path: /a.B/C", $"content-type: {type}")).See(int.MaxValue);
        Assert.Equal(isCall, Assert.Single(seen).Contains("grpc - 0/0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/pkg.Service/Method", "pkg.Service", "Method")]
    [InlineData("/S/M", "S", "M")]
    [InlineData("/prefix/pkg.S/M", "prefix/pkg.S", "M")]
    [InlineData("/S/", null, null)]
    [InlineData("/S", null, null)]
    [InlineData("//M", null, null)]
    [InlineData("S/M", null, null)]
    [InlineData("/", null, null)]
    [InlineData("", null, null)]
    public void Path_OfACall_IsServiceAndMethod(string path, string? service, string? method)
    {
        Assert.Equal(service is not null, GrpcPath.TrySplit(Encoding.UTF8.GetBytes(path), out var foundService, out var foundMethod));
        Assert.Equal((service ?? "", method ?? ""), (Encoding.UTF8.GetString(foundService), Encoding.UTF8.GetString(foundMethod)));
    }

    private static byte[] BeginsCall => [0x83, .. Plain(":path: /a.B/C")];

    private static byte[] Indexed(string name, string value) => [0x40, .. HpackWriter.String(name, isHuffman: false), .. HpackWriter.String(value, isHuffman: false)];

    private static byte[] Call(int stream) => Headers(stream, false, ":method: POST", ":path: /a.B/C", "content-type: application/grpc");

    private static byte[] Answer(int stream) => Headers(stream, false, ":status: 200", "content-type: application/grpc");
}
