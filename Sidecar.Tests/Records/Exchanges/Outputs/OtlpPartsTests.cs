using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Chassis;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Sidecar.Records.Exchanges.Outputs.Otlp;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

/// <summary>The parts of the output <c>otlp</c>, beside what protobuf's own library reads and writes.</summary>
public sealed class OtlpPartsTests
{
    // An answer with two rejected records.
    private static readonly byte[] TwoRejected = Message(1, Message(Varint(1, 2), Message(2, "too old"u8.ToArray())));

    [Fact]
    public void Writer_FieldsOfEveryKindAndLength_AreReadByProtobuf()
    {
        var random = new Random(3);
        for (var round = 0; round < 300; round++)
        {
            var writer = new ProtobufWriter(random.Next(8));
            var expected = new List<(int Field, WireFormat.WireType Type, object Value)>();
            for (var i = random.Next(20); i >= 0; i--)
                expected.Add(Any(random, writer));

            using var input = new CodedInputStream(writer.Written.ToArray());
            foreach (var (field, type, value) in expected)
            {
                Assert.Equal(WireFormat.MakeTag(field, type), input.ReadTag());
                switch (type)
                {
                    case WireFormat.WireType.Varint:
                        Assert.Equal((ulong)value, input.ReadUInt64());
                        break;
                    case WireFormat.WireType.Fixed64:
                        Assert.Equal((ulong)value, input.ReadFixed64());
                        break;
                    case WireFormat.WireType.Fixed32:
                        Assert.Equal((uint)value, input.ReadFixed32());
                        break;
                    default:
                        Assert.Equal((byte[])value, input.ReadBytes().ToByteArray());
                        break;
                }
            }

            Assert.True(input.IsAtEnd);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(2_097_152)]
    public void Writer_MessagesInMessages_HaveTheirLengths(int length)
    {
        var text = new byte[length];
        text.AsSpan().Fill((byte)'x');
        var writer = new ProtobufWriter(0);
        var outer = writer.Begin(1);
        var inner = writer.Begin(2);
        text.CopyTo(writer.Room(length));
        writer.Advance(length);
        writer.End(inner);
        writer.Number(3, 4);
        writer.End(outer);

        Assert.Equal(Message(1, Message(Message(2, text), Varint(3, 4))), writer.Written);
    }

    [Fact]
    public void Reader_AnAnswerCutAnywhere_RejectsWhatIsThereOrNothing()
    {
        Assert.Equal((2, "too old"), (ExportAnswer.OfMessage(TwoRejected).Rejected, ExportAnswer.OfMessage(TwoRejected).Reason));
        for (var length = 0; length < TwoRejected.Length; length++)
            Assert.Equal(0, ExportAnswer.OfMessage(TwoRejected.AsSpan(0, length)).Rejected);
    }

    [Fact]
    public void Reader_AnyBytes_EndsWithinThem()
    {
        var random = new Random(4);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            // Often a message, of which one byte is another.
            if (round % 2 == 0)
                bytes = [.. TwoRejected.Select((b, i) => i == round % TwoRejected.Length ? (byte)random.Next(256) : b)];
            var fields = 0;
            for (var reader = new ProtobufReader(bytes); reader.Read();)
                fields++;
            Assert.InRange(fields, 0, bytes.Length);
            Assert.False(ExportAnswer.OfMessage(bytes).IsLater);
        }
    }

    [Fact]
    public void Reader_WhatProtobufWrites_IsRead()
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(536_870_911, WireFormat.WireType.Varint);
            output.WriteInt64(-1);
            output.WriteTag(2, WireFormat.WireType.Fixed64);
            output.WriteFixed64(7);
            output.WriteTag(3, WireFormat.WireType.Fixed32);
            output.WriteFixed32(8);
            output.WriteTag(4, WireFormat.WireType.LengthDelimited);
            output.WriteString("ä");
        }

        var read = new List<(int, long, string)>();
        for (var reader = new ProtobufReader(stream.ToArray()); reader.Read();)
            read.Add((reader.Field, reader.Number, Encoding.UTF8.GetString(reader.Bytes)));
        Assert.Equal([(536_870_911, -1, ""), (2, 7, ""), (3, 8, ""), (4, 0, "ä")], read);
    }

    [Theory]
    [InlineData(0L, 0, 0)]
    [InlineData(3L, 500_000_000, 3500)]
    [InlineData(-3L, 0, 0)]
    public void Grpc_AResourceWithRetryInfo_IsThereLater(long seconds, int nanoseconds, int milliseconds)
    {
        var info = new RetryInfo { RetryDelay = new Duration { Seconds = seconds, Nanos = nanoseconds } };
        // Padded and not, as either may come.
        foreach (var trim in new[] { "", "=" })
        {
            var answer = GrpcAnswer.Of(Trailers("8", "busy%20%C3%A4%0A", Details(info).TrimEnd(trim.Length > 0 ? trim[0] : ' ')), []);
            Assert.Equal((true, TimeSpan.FromMilliseconds(milliseconds), "RESOURCE_EXHAUSTED busy ä"), (answer.IsLater, answer.Wait, answer.Reason.TrimEnd()));
        }
    }

    [Fact]
    public void Grpc_RetryInfoWithoutATimeOrOfAnEndlessOne_IsOneAllTheSame()
    {
        Assert.Equal(TimeSpan.Zero, GrpcAnswer.Of(Trailers("14", null, Details(new RetryInfo())), []).Wait);
        Assert.True(GrpcAnswer.Of(Trailers("14", null, Details(new RetryInfo { RetryDelay = new Duration { Seconds = long.MaxValue } })), []).Wait > TimeSpan.FromDays(1));
    }

    [Theory]
    [InlineData("no base64!")]
    [InlineData("AAAA")]
    [InlineData("")]
    [InlineData("=")]
    [InlineData("GgA")]
    public void Grpc_DetailsThatAreNone_AskForNothing(string details)
    {
        var answer = GrpcAnswer.Of(Trailers("8", null, details), []);
        Assert.Equal((false, long.MaxValue, null), (answer.IsLater, answer.Rejected, answer.Wait));
    }

    [Fact]
    public void Grpc_DetailsCutAnywhere_AreReadOrNot()
    {
        var details = Details(new RetryInfo { RetryDelay = new Duration { Seconds = 1 } });
        Assert.All(Enumerable.Range(0, details.Length), length => Assert.InRange(GrpcAnswer.Of(Trailers("14", null, details[..length]), []).Wait ?? TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData(null, false, "the answer has no gRPC status")]
    [InlineData("x", false, "the answer has no gRPC status")]
    [InlineData("99", false, "_OTHER")]
    [InlineData("3", false, "INVALID_ARGUMENT")]
    [InlineData("14", true, "UNAVAILABLE")]
    public void Grpc_AStatus_IsLaterOrNever(string? status, bool isLater, string reason)
    {
        var answer = GrpcAnswer.Of(Trailers(status, null, null), []);
        Assert.Equal((isLater, isLater ? 0 : long.MaxValue, reason), (answer.IsLater, answer.Rejected, answer.Reason));
    }

    [Fact]
    public void Grpc_AStatusInTheHead_Counts()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.Add("grpc-status", "14");
        Assert.True(GrpcAnswer.Of(response, []).IsLater);
    }

    [Fact]
    public void Grpc_APartialSuccess_IsBehindItsPrefix()
    {
        Assert.Equal(2, GrpcAnswer.Of(Trailers("0", null, null), [0, 0, 0, 0, (byte)TwoRejected.Length, .. TwoRejected]).Rejected);
        for (var length = 0; length < 5; length++)
            Assert.Equal(ExportAnswer.Taken, GrpcAnswer.Of(Trailers("0", null, null), new byte[length]));
    }

    [Theory]
    [InlineData(502, true)]
    [InlineData(404, true)]
    [InlineData(500, false)]
    public void Grpc_AProxysAnswer_IsTakenAsByHttp(int status, bool isLater)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("") };
        Assert.Equal(isLater, GrpcAnswer.Of(response, "a page"u8.ToArray()).IsLater);
    }

    [Theory]
    [InlineData("""{"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}}""", 2)]
    [InlineData("""{"partialSuccess":{"rejectedSpans":2}}""", 2)]
    [InlineData("""{"partialSuccess":{"rejectedLogRecords":2}}""", 0)]
    [InlineData("""{"partialSuccess":{}}""", 0)]
    [InlineData("""{"partialSuccess":{"rejectedSpans":"-1"}}""", 0)]
    [InlineData("""{"partialSuccess":7}""", 0)]
    [InlineData("no JSON", 0)]
    [InlineData("", 0)]
    public void Http_AnAnswerInJson_RejectsWhatItSays(string body, long rejected)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        Assert.Equal(rejected, ExportAnswer.OfHttp(response, Encoding.UTF8.GetBytes(body), "rejectedSpans").Rejected);
    }

    [Fact]
    public void Http_AnErrorInProtobuf_IsShownByItsMessage()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new ByteArrayContent([]) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        var answer = ExportAnswer.OfHttp(response, new Status { Code = 3, Message = "no\nsense" }.ToByteArray(), null);
        Assert.Equal((false, "400 no sense"), (answer.IsLater, answer.Reason));
    }

    [Theory]
    [InlineData(null, null, null, "sidecar")]
    [InlineData(null, "service.name=listed,a=b%2Cc", null, "listed")]
    [InlineData(null, "service.name=listed", "named", "named")]
    [InlineData("configured", "service.name=listed", "named", "configured")]
    public void Resource_TheNearestName_Counts(string? configured, string? listed, string? named, string expected)
    {
        var resource = OtlpResource.Of(configured, name => name == "OTEL_SERVICE_NAME" ? named : listed);
        Assert.Equal(expected, resource["service.name"]);
        Assert.Equal(listed?.Contains("a=b", StringComparison.Ordinal) == true ? "b,c" : null, resource.GetValueOrDefault("a"));
        Assert.Equal(Environment.MachineName, resource["host.name"]);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("=b")]
    [InlineData("a=b,c")]
    public void Resource_AWrongList_IsOneLine(string listed) =>
        Assert.StartsWith($"OTEL_RESOURCE_ATTRIBUTES '{listed}': NAME=VALUE,... is expected", Assert.Throws<UsageException>(() => OtlpResource.Of(null, name => name == "OTEL_RESOURCE_ATTRIBUTES" ? listed : null)).Message, StringComparison.Ordinal);

    private static (int, WireFormat.WireType, object) Any(Random random, ProtobufWriter writer)
    {
        var field = random.Next(1, random.Next(2) == 0 ? 16 : 100_000);
        var number = (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
        switch (random.Next(4))
        {
            case 0:
                writer.Number(field, number);
                return (field, WireFormat.WireType.Varint, number);
            case 1:
                writer.Fixed64(field, number);
                return (field, WireFormat.WireType.Fixed64, number);
            case 2:
                writer.Fixed32(field, (uint)number);
                return (field, WireFormat.WireType.Fixed32, (uint)number);
            default:
                var bytes = new byte[random.Next(300)];
                random.NextBytes(bytes);
                var start = writer.Begin(field);
                bytes.CopyTo(writer.Room(bytes.Length));
                writer.Advance(bytes.Length);
                writer.End(start);
                return (field, WireFormat.WireType.LengthDelimited, bytes);
        }
    }

    private static byte[] Message(int field, params byte[][] parts) => Written(output =>
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom([.. parts.SelectMany(part => part)]));
    });

    private static byte[] Message(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static byte[] Varint(int field, long number) => Written(output =>
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(number);
    });

    private static byte[] Written(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    private static string Details(RetryInfo info)
    {
        var status = new Status { Code = 8, Message = "busy" };
        status.Details.Add(Google.Protobuf.WellKnownTypes.Any.Pack(new ErrorInfo { Reason = "TEST" }));
        status.Details.Add(Google.Protobuf.WellKnownTypes.Any.Pack(info));
        return Convert.ToBase64String(status.ToByteArray());
    }

    private static HttpResponseMessage Trailers(string? status, string? message, string? details)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
        foreach (var (name, value) in new[] { ("grpc-status", status), ("grpc-message", message), ("grpc-status-details-bin", details) })
        {
            if (value is not null)
                response.TrailingHeaders.TryAddWithoutValidation(name, value);
        }

        return response;
    }
}
