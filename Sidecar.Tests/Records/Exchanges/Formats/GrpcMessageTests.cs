using System.Text.Json;
using Sidecar.Observation;
using Sidecar.Records.Exchanges;
using Sidecar.Tests.Observation;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Formats;

public sealed class GrpcMessageTests
{
    [Fact]
    public void Write_ACall_HasStatusMessageAndCounts() => Assert.EndsWith(
        ""","grpc_status":5,"grpc_message":"no 100% \"漢\"","grpc_request_messages":2,"grpc_response_messages":0}}""",
        Written(5, trailers: "no 100% %22%E6%BC%A2%22"), StringComparison.Ordinal);

    [Fact]
    public void Write_OkWithoutAMessage_HasStatusZero() => Assert.EndsWith(
        ""","grpc_status":0,"grpc_request_messages":2,"grpc_response_messages":0}}""", Written(0), StringComparison.Ordinal);

    [Fact]
    public void Write_NoStatus_LeavesItOut() => Assert.DoesNotContain("grpc_status", Written(null), StringComparison.Ordinal);

    [Fact]
    public void Write_TrailersOnly_HasTheHeadsMessage() => Assert.Equal("why not", Message(Written(3, head: "why%20not")));

    [Fact]
    public void Write_TrailersAndHead_BelievesTheTrailers() => Assert.Equal("last", Message(Written(3, head: "first", trailers: "last")));

    [Theory]
    [InlineData("a%", "a%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz%41", "%zzA")]
    [InlineData("%FF", "ÿ")]
    [InlineData("%00", "\0")]
    public void Write_AMessageThatIsEncodedBadly_StandsAsFarAsItCan(string message, string written) => Assert.Equal(written, Message(Written(2, trailers: message)));

    [Theory]
    [InlineData(1024, 0, 1024)]
    [InlineData(1025, 0, 1024)]
    [InlineData(1022, 2, 1022)]
    [InlineData(1021, 2, 1022)]
    public void Write_ALongMessage_EndsBetweenCharacters(int letters, int signs, int length)
    {
        var whole = new string('a', letters) + string.Concat(Enumerable.Repeat("漢", signs));
        var message = Message(Written(2, trailers: new string('a', letters) + string.Concat(Enumerable.Repeat("%E6%BC%A2", signs))))!;
        Assert.Equal(whole[..length] + (whole.Length > length ? "…" : ""), message);
    }

    [Theory]
    [InlineData("mask", "***")]
    [InlineData("deny", null)]
    public void Write_AMessageThatIsAgainstTheRules_IsNotShown(string rule, string? written) =>
        Assert.Equal(written, Message(Written(2, trailers: "secret", rules: new HeaderRules(null, rule == "deny" ? ["Grpc-Message"] : [], ["Grpc-Message"]))));

    private static string? Message(string line) =>
        JsonDocument.Parse(line).RootElement.GetProperty("ext").TryGetProperty("grpc_message", out var message) ? message.GetString() : null;

    private static string Written(int? status, string? head = null, string? trailers = null, HeaderRules? rules = null)
    {
        var exchange = Completed(Request("POST", "/pkg.Service/Method"), Response(200, head is null ? [] : [("grpc-message", head)]));
        exchange.Grpc = new GrpcCall { Status = status, RequestMessages = 2 };
        exchange.Trailers = trailers is null ? null : With(new MessageHeads(64 * 1024, Unshared.Account()).Rent(), ("grpc-status", "x"), ("grpc-message", trailers));
        return MadeExchanges.Written(Format("perisco", Text(rules ?? new HeaderRules(null, [], []), new UrlMask([]))), exchange).TrimEnd('\n');
    }
}
