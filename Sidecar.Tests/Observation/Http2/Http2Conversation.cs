using System.Text;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Http2;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Observation.Http2;

/// <summary>A conversation in the order of its bytes, and what an observer makes of it. Each turn has its number as its time.</summary>
internal sealed class Http2Conversation
{
    private readonly List<(Direction Direction, byte[] Bytes)> _turns = [];
    private (Func<Exchange> First, string Settings)? _upgrade;

    /// <summary>One that begins with the preface and both sides' settings, in one turn each.</summary>
    public Http2Conversation()
        : this([.. Frames.Preface, .. Frames.Settings()], Frames.Settings())
    {
    }

    /// <summary>One of which only this has passed.</summary>
    public Http2Conversation(byte[] client, byte[] server)
    {
        Client(client);
        Server(server);
    }

    public ObservationLimits Limits { get; init; } = new();

    /// <summary>Bytes of its budget.</summary>
    public long Memory { get; init; } = ObservationLimits.DefaultMemory;

    public bool WithTimes { get; init; }

    public bool WithBytes { get; init; }

    public IReadOnlyList<(Direction Direction, byte[] Bytes)> Turns => _turns;

    public Http2Conversation Client(params byte[][] frames) => Add(Direction.Request, frames);

    public Http2Conversation Server(params byte[][] frames) => Add(Direction.Response, frames);

    /// <summary>It began as HTTP/1.1.</summary>
    public Http2Conversation UpgradedFrom(Func<Exchange> first, string settings)
    {
        _upgrade = (first, settings);
        return this;
    }

    /// <summary>Fails unless the observer sees exactly this, however the bytes are cut.</summary>
    public void IsSeenAs(params string[] expected)
    {
        Assert.Equal(expected, See(int.MaxValue));
        foreach (var piece in new[] { 1, 2, 3, 7 })
            Assert.Equal(expected, See(piece));
        var longest = _turns.Max(turn => turn.Bytes.Length);
        for (var first = 1; first < longest; first++)
            Assert.Equal(expected, See(int.MaxValue, first));
    }

    /// <summary>Fails unless the observer gives up for this, however the bytes are cut.</summary>
    public void FailsFor(string failure)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 2, 3, 7 })
            Assert.Equal($"unobservable: {failure}", See(piece).LastOrDefault(line => line.StartsWith("unobservable", StringComparison.Ordinal)));
    }

    /// <summary>What an observer sees of pieces of this length, the first of each turn perhaps of another.</summary>
    public List<string> See(int piece, int? first = null)
    {
        var seen = new SeenExchanges { WithTimes = WithTimes, WithBytes = WithBytes };
        var observer = new Http2Observer(seen, Limits, Unshared.Account(Memory), TimeProvider.System);
        if (_upgrade is var (exchange, settings))
            observer.Upgrade(exchange(), Encoding.ASCII.GetBytes(settings), time: 0);
        bool[] goesOn = [true, true];
        for (var turn = 0; turn < _turns.Count; turn++)
        {
            var (direction, bytes) = _turns[turn];
            for (var start = 0; start < bytes.Length && goesOn[(int)direction];)
            {
                var length = Math.Min(start == 0 && first is { } cut ? cut : piece, bytes.Length - start);
                ReadOnlySpan<byte> part = bytes.AsSpan(start, length);
                goesOn[(int)direction] = observer.Read(direction, ref part, turn);
                Assert.True(part.IsEmpty || !goesOn[(int)direction]);
                start += length;
            }
        }

        Assert.Equal(goesOn[0] && goesOn[1], observer.Failure is null);
        if (observer.Failure is { } failure)
            seen.Lines.Add($"unobservable: {failure}");
        observer.Close(new(ExchangeOutcome.Completed), _turns.Count);
        return seen.Lines;
    }

    private Http2Conversation Add(Direction direction, params byte[][] frames)
    {
        _turns.Add((direction, [.. frames.SelectMany(frame => frame)]));
        return this;
    }
}
