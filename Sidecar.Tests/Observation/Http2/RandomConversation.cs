using System.Globalization;
using Sidecar.Connections;
using Sidecar.Tests.Observation.Http2.Hpack;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>A valid conversation made up at random, its streams interleaved, and what is to be seen of it.</summary>
internal sealed class RandomConversation
{
    private static readonly string[] Names = ["a", "cookie", "content-length", "x-long-name-of-a-field", "server", "accept-encoding"];

    private static readonly int[] Statuses = [200, 204, 404, 500, 599];

    private readonly Random _random;
    private readonly Http2Conversation _conversation = new() { WithBytes = true };
    private readonly HpackWriter _requestFields;
    private readonly HpackWriter _responseFields;
    private readonly List<RandomStream> _open = [];
    private readonly List<string> _expected = [];
    private int _lastStream = -1;

    public RandomConversation(int seed)
    {
        _random = new Random(seed);
        (_requestFields, _responseFields) = (new HpackWriter(_random), new HpackWriter(_random));
        for (var left = _random.Next(2, 40); left > 0 || _open.Count > 0; left--)
        {
            if (_open.Count == 0 || (left > 0 && _random.Next(3) == 0))
                Open();
            else
                Step(_open[_random.Next(_open.Count)]);
            Interrupt();
        }
    }

    public Http2Conversation Conversation => _conversation;

    public IReadOnlyList<string> Expected => _expected;

    private void Open()
    {
        _lastStream += 2 * _random.Next(1, 4);
        var stream = new RandomStream(_lastStream) { Method = _random.Next(2) == 0 ? "GET" : "POST", Path = _random.Next(3) == 0 ? "/" : $"/{Text()}", IsCall = _random.Next(4) == 0 };
        stream.RequestFields.AddRange([.. Fields(), .. stream.IsCall ? [("content-type", "application/grpc+x")] : Array.Empty<(string, string)>()]);
        var ends = _random.Next(2) == 0;
        Send(Direction.Request, stream, Block(stream.Number, _requestFields.Block([(":method", stream.Method), (":path", stream.Path), .. stream.RequestFields]), ends));
        stream.IsRequested = ends;
        _open.Add(stream);
    }

    private void Step(RandomStream stream)
    {
        var ends = _random.Next(2) == 0;
        switch (_random.Next(12))
        {
            case 0:
                var byClient = _random.Next(2) == 0;
                var error = _random.Next(2) * 8;
                Send(byClient ? Direction.Request : Direction.Response, stream, Frames.Reset(stream.Number, error));
                End(stream, stream.IsAnswered && (byClient || error == 0) ? "Completed" : byClient ? "ClientReset" : "ServerReset", byClient || error == 8 ? 1 : 13);
                return;
            case 1:
                Send(_random.Next(2) == 0 ? Direction.Request : Direction.Response, stream, Frames.WindowUpdate(stream.Number));
                break;
            case < 5 when !stream.IsRequested:
                Send(Direction.Request, stream, Body(stream, ends, out var requestMessages));
                (stream.IsRequested, stream.RequestMessages) = (ends, stream.RequestMessages + requestMessages);
                break;
            case 5 when !stream.IsRequested:
                Send(Direction.Request, stream, Block(stream.Number, _requestFields.Block(Fields()), ends: true));
                stream.IsRequested = true;
                break;
            case 6 when stream.Status == 0:
                stream.Interim = Fields();
                Send(Direction.Response, stream, Block(stream.Number, _responseFields.Block([(":status", "103"), .. stream.Interim]), ends: false));
                break;
            case < 9 when stream.Status == 0:
                Answer(stream, ends);
                break;
            case < 11 when stream is { Status: > 0, IsAnswered: false }:
                Send(Direction.Response, stream, Body(stream, ends, out var responseMessages));
                (stream.IsAnswered, stream.ResponseMessages) = (ends, stream.ResponseMessages + responseMessages);
                break;
            case 11 when stream is { Status: > 0, IsAnswered: false }:
                stream.Trailers = Fields();
                stream.GrpcStatus = stream.IsCall ? _random.Next(17) : null;
                if (stream.GrpcStatus is { } status)
                    stream.Trailers.Add(("grpc-status", status.ToString(CultureInfo.InvariantCulture)));
                Send(Direction.Response, stream, Block(stream.Number, _responseFields.Block(stream.Trailers), ends: true));
                stream.IsAnswered = true;
                break;
        }

        if (stream is { IsRequested: true, IsAnswered: true })
            End(stream, "Completed");
    }

    private void Answer(RandomStream stream, bool ends)
    {
        stream.Status = Statuses[_random.Next(Statuses.Length)];
        stream.ResponseFields.AddRange(Fields());
        Send(Direction.Response, stream, Block(stream.Number, _responseFields.Block([(":status", $"{stream.Status}"), .. stream.ResponseFields]), ends));
        stream.IsAnswered = ends;
    }

    /// <summary>What may come between: frames of no stream, of unknown types, of streams that are over; new sizes of the tables; a push.</summary>
    private void Interrupt()
    {
        switch (_random.Next(12))
        {
            case 0:
                _conversation.Client(Frames.Ping(), Frames.Frame(0x77, 0xFF, 0, new byte[_random.Next(20)]));
                break;
            case 1:
                var size = _random.Next(9000);
                _conversation.Client(Frames.Settings((4, 1), (1, size), (3, 2))).Server(Frames.SettingsAck());
                _responseFields.Allow(size);
                break;
            case 2:
                size = _random.Next(9000);
                _conversation.Server(Frames.Settings((1, size))).Client(Frames.SettingsAck());
                _requestFields.Allow(size);
                break;
            case 3 when _open.Count > 0:
                _conversation.Server(Frames.PushPromise(_open[0].Number, 2, _responseFields.Block([(":method", "GET"), .. Fields()]), padding: _random.Next(5)));
                _open[0].ResponseBytes += _conversation.Turns[^1].Bytes.Length;
                _conversation.Server(Block(2, _responseFields.Block([(":status", "200"), .. Fields()]), ends: false), Frames.Data(2, "x"u8, ends: true));
                break;
        }
    }

    private void Send(Direction direction, RandomStream stream, byte[] frames)
    {
        if (direction == Direction.Request)
        {
            _conversation.Client(frames);
            stream.RequestBytes += frames.Length;
        }
        else
        {
            _conversation.Server(frames);
            stream.ResponseBytes += frames.Length;
        }
    }

    // The status of a call that was answered without one is what its HTTP status stands for; of one that was not, what the reset does.
    private void End(RandomStream stream, string outcome, int ofReset = 0)
    {
        if (stream.IsCall)
            stream.GrpcStatus ??= !stream.IsAnswered ? ofReset : stream.Status == 404 ? 12 : 2;
        _open.Remove(stream);
        _expected.Add(stream.SeenAs(outcome));
    }

    /// <summary>A header block in frames: in one, or cut anywhere.</summary>
    private byte[] Block(int stream, byte[] block, bool ends)
    {
        int? padding = _random.Next(3) == 0 ? _random.Next(256) : null;
        var hasPriority = _random.Next(3) == 0;
        if (_random.Next(2) == 0)
            return Frames.HeaderBlock(stream, block, ends, padding: padding, hasPriority: hasPriority);
        var cut = _random.Next(block.Length + 1);
        var next = _random.Next(cut, block.Length + 1);
        return
        [
            .. Frames.HeaderBlock(stream, block[..cut], ends, endsBlock: false, padding, hasPriority),
            .. Frames.Continuation(stream, block[cut..next], endsBlock: false), .. Frames.Continuation(stream, block[next..], endsBlock: true),
        ];
    }

    /// <summary>A body in frames; the messages of a call are cut anywhere.</summary>
    private byte[] Body(RandomStream stream, bool ends, out int messages)
    {
        messages = stream.IsCall ? _random.Next(4) : 0;
        byte[] body = stream.IsCall ? [.. Enumerable.Range(0, messages).SelectMany(_ => Frames.Message(_random.Next(30)))] : new byte[_random.Next(50)];
        var cut = _random.Next(body.Length + 1);
        int? padding = _random.Next(3) == 0 ? _random.Next(20) : null;
        return [.. Frames.Data(stream.Number, body.AsSpan(0, cut), padding: padding), .. Frames.Data(stream.Number, body.AsSpan(cut), ends)];
    }

    private List<(string Name, string Value)> Fields() =>
        [.. Enumerable.Range(0, _random.Next(5)).Select(_ => (Names[_random.Next(Names.Length)], _random.Next(3) == 0 ? "same" : Text()))];

    // Mostly short; some fill a table.
    private string Text() => new([.. Enumerable.Range(0, _random.Next(10) == 0 ? _random.Next(900) : _random.Next(12)).Select(_ => (char)_random.Next(0x21, 0x100))]);
}

/// <summary>What is said on one stream.</summary>
internal sealed class RandomStream(int number)
{
    public int Number { get; } = number;

    public required string Method { get; init; }

    public required string Path { get; init; }

    public required bool IsCall { get; init; }

    public bool IsRequested { get; set; }

    public bool IsAnswered { get; set; }

    public int Status { get; set; }

    public int? GrpcStatus { get; set; }

    public int RequestMessages { get; set; }

    public int ResponseMessages { get; set; }

    public int RequestBytes { get; set; }

    public int ResponseBytes { get; set; }

    public List<(string Name, string Value)> RequestFields { get; } = [];

    public List<(string Name, string Value)> ResponseFields { get; } = [];

    public List<(string Name, string Value)>? Interim { get; set; }

    public List<(string Name, string Value)>? Trailers { get; set; }

    /// <summary>The line of <see cref="SeenExchanges"/>.</summary>
    public string SeenAs(string outcome)
    {
        var response = Status > 0 ? $"{Status}{Shown(ResponseFields)}" : Interim is not null ? $"103{Shown(Interim)}" : "-";
        var trailers = Trailers is null ? "" : $" +{Shown(Trailers)}";
        var call = IsCall ? string.Create(CultureInfo.InvariantCulture, $" grpc {GrpcStatus?.ToString(CultureInfo.InvariantCulture) ?? "-"} {RequestMessages}/{ResponseMessages}") : "";
        return $"{Method} {Path}{Shown(RequestFields)} {RequestBytes} > {response}{trailers} {ResponseBytes}{call} {outcome}";
    }

    private static string Shown(List<(string Name, string Value)> fields) => $" [{string.Join(" | ", fields.Select(field => $"{field.Name}: {field.Value}"))}]";
}
