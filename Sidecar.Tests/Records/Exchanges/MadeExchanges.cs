using System.Net;
using System.Text;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Net;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Tests.Observation;
using Testing;
using Xunit;
using HttpVersion = Sidecar.Observation.HttpVersion;

namespace Sidecar.Tests.Records.Exchanges;

/// <summary>Exchanges as an observer would report them.</summary>
internal static class MadeExchanges
{
    /// <summary>Field names and values.</summary>
    public static MessageHead Request(string method, string target, params (string Name, string Value)[] fields) =>
        Request(Encoding.Latin1.GetBytes(method), Encoding.Latin1.GetBytes(target), fields);

    public static MessageHead Request(byte[] method, byte[] target, params (string Name, string Value)[] fields)
    {
        var head = Head();
        head.SetRequest(method, target);
        return With(head, fields);
    }

    public static MessageHead Response(int status, params (string Name, string Value)[] fields) =>
        With(Head(status), fields);

    public static MessageHead With(MessageHead head, params (string Name, string Value)[] fields)
    {
        foreach (var (name, value) in fields)
            head.Add(Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value));
        return head;
    }

    private static MessageHead Head(int status = 0)
    {
        var head = new MessageHeads(64 * 1024, Unshared.Account()).Rent();
        (head.Version, head.Status) = (HttpVersion.Http11, status);
        return head;
    }

    /// <summary>One that was completed: its times are 0, 10, 30 and 100 ticks.</summary>
    public static Exchange Completed(MessageHead request, MessageHead? response, ExchangeOutcome outcome = ExchangeOutcome.Completed) => new(request, 0, 10)
    {
        Response = response,
        Responded = response is null ? -1 : 30,
        Ended = 100,
        Outcome = outcome,
    };

    /// <summary>A usual one of a path and a status.</summary>
    public static Exchange Of(string target = "/", int status = 200) => Completed(Request("GET", target), Response(status));

    /// <summary>The usual rules for texts.</summary>
    public static RecordText Text(HeaderRules? headers = null, UrlMask? urls = null, bool ext = true, TimeProvider? time = null, int maxLine = ExchangeRecordOptions.DefaultMaxLine) => new(
        headers ?? new HeaderRules(null, [], ExchangeRecordOptions.SecretHeaders), urls ?? new UrlMask(ExchangeRecordOptions.SecretParameters), ext,
        new WallClock(time ?? new ManualTimeProvider()), maxLine);

    /// <summary>A format by its name.</summary>
    public static RecordFormat Format(string name, RecordText text) => RecordFormats.Create(name, text);

    /// <summary>The line that a format makes of an exchange.</summary>
    public static string Written(RecordFormat format, Exchange exchange, ExchangeOrigin? origin = null, RecordKey key = RecordKey.None)
    {
        var line = new JsonLine();
        format.For(origin ?? Origin(), key).Write(line, exchange);
        var written = Encoding.UTF8.GetString(line.Bytes);
        Assert.True(line.LateTexts.IsEmpty);
        return written;
    }

    /// <summary>The own pod of <see cref="Names"/>.</summary>
    public static NamedPod Server { get; } = new("shop-1", "shop", "node-2", null, []);

    /// <summary>Kubernetes' names of both ends.</summary>
    public static ConnectionNames Names { get; } = new(
        Server,
        new EndNames(new NamedPod("web-1", "shop", "node-1", "web", [new Label("app", "web"), new Label("app.kubernetes.io/name", "web")]), new NamedService("web", "shop", [new Label("team", "blue")])),
        new EndNames(Server, new NamedService("shop", "shop", [])));

    /// <summary>A connection's part of its exchanges' records.</summary>
    public static ExchangeOrigin Origin(
        string client = "127.0.0.1:47994", string server = "127.0.0.1:8880", LocalProcess? process = null, string? transform = null) => new(
            ConnectionId.TryParse("abc-1", out var id) ? id : default, SidecarRole.Inbound, transform is null ? null : TransformLanguage.Default.Parse(transform),
            new ClientAddress(IPEndPoint.Parse(client)), IPEndPoint.Parse(server), process ?? LocalProcess.Own);
}
