using System.Globalization;
using System.Text;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http1;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Observation.Http1;

/// <summary>A conversation in the order of its bytes, and what an observer makes of it.</summary>
internal sealed class Http1Conversation : IExchangeSink
{
    private readonly List<(Direction Direction, byte[] Bytes)> _turns = [];
    private readonly List<string> _seen = [];

    public ObservationLimits Limits { get; init; } = new();

    /// <summary>Bytes of its budget.</summary>
    public long Memory { get; init; } = ObservationLimits.DefaultMemory;

    public Http1Conversation Client(string text) => Add(Direction.Request, text);

    public Http1Conversation Server(string text) => Add(Direction.Response, text);

    /// <summary>A stream's end.</summary>
    public Http1Conversation ServerEnds() => Add(Direction.Response, "");

    /// <summary>Fails unless the observer sees exactly this, however the bytes are cut.</summary>
    public void IsSeenAs(params string[] expected)
    {
        var whole = See(int.MaxValue);
        Assert.Equal(expected, whole);
        foreach (var piece in new[] { 1, 2, 3, 7 })
            Assert.Equal(whole, See(piece));
        var longest = _turns.Max(turn => turn.Bytes.Length);
        for (var first = 1; first < longest; first++)
            Assert.Equal(whole, See(int.MaxValue, first));
    }

    /// <summary>What the observer tells of the bytes in one piece a turn.</summary>
    public IReadOnlyList<string> Told() => See(int.MaxValue);

    /// <summary>Of each exchange method, target, status and outcome, of the bytes in one piece a turn and one by one, which must be the same.</summary>
    public string[] Short()
    {
        var whole = Shorten(See(int.MaxValue));
        Assert.Equal(whole, Shorten(See(1)));
        return whole;
    }

    private static string[] Shorten(IEnumerable<string> seen) =>
        [.. seen.Where(line => !line.StartsWith("unobservable", StringComparison.Ordinal)).Select(line =>
        {
            var (request, answer) = (line.Split(" > ")[0], line.Split(" > ")[1]);
            return $"{string.Join(' ', request.Split(' ')[..2])} > {answer.Split(' ')[0]} {answer.Split(' ')[^1]}";
        })];

    /// <summary>Fails unless the observer gives up for this, however the bytes are cut.</summary>
    public void FailsFor(string failure)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 2, 3, 7 })
            Assert.Contains($"unobservable: {failure}", See(piece));
    }

    void IExchangeSink.OnExchange(Exchange exchange)
    {
        var (request, response) = (exchange.Request, exchange.Response);
        var sides = $"{Text(request.Method)} {Text(request.Target)} {request.Version}{Fields(request)} {exchange.RequestBytes}";
        var answer = response is null ? "-" : $"{response.Status} {response.Version}{Fields(response)} {exchange.ResponseBytes}";
        _seen.Add(string.Create(CultureInfo.InvariantCulture, $"{sides} > {answer} {exchange.Outcome}"));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static string Fields(MessageHead head)
    {
        var fields = Enumerable.Range(0, head.Count).Select(i => $"{Text(head.Name(i))}: {Text(head.Value(i))}");
        return $" [{string.Join(" | ", fields)}]{(head.IsTruncated ? "..." : "")}";
    }

    private Http1Conversation Add(Direction direction, string text)
    {
        _turns.Add((direction, Encoding.Latin1.GetBytes(text)));
        return this;
    }

    private string[] See(int piece, int? first = null)
    {
        _seen.Clear();
        var observer = new Http1Observer(this, Limits, Unshared.Account(Memory));
        bool[] goesOn = [true, true];
        foreach (var (direction, bytes) in _turns)
        {
            if (bytes.Length == 0)
                observer.End(direction, time: 0);
            for (var start = 0; start < bytes.Length && goesOn[(int)direction];)
            {
                var length = Math.Min(start == 0 && first is { } cut ? cut : piece, bytes.Length - start);
                ReadOnlySpan<byte> part = bytes.AsSpan(start, length);
                goesOn[(int)direction] = observer.Read(direction, ref part, time: 0);
                start += length;
            }
        }

        if (observer.Failure is { } failure)
            _seen.Add($"unobservable: {failure}");
        observer.Close(new(ExchangeOutcome.Completed), time: 0);
        return [.. _seen];
    }
}
