using System.Text;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Relay;

namespace Sidecar.Tests.Observation;

/// <summary>A connection with bytes that a test writes, and the results of its observation.</summary>
internal sealed class WatchedConnection : IConnectionWatcher
{
    private readonly ConnectionObserver _observer;
    private readonly List<string> _told = [];
    private readonly Queue<(SendOrPostCallback Call, object State)> _posted = new();

    private readonly TimeProvider _time;

    public WatchedConnection(TimeProvider? time = null, ObservationMemory? memory = null)
    {
        _time = time ?? TimeProvider.System;
        _observer = new ConnectionObserver(this, new ObservationLimits(), memory ?? new ObservationMemory(ObservationLimits.DefaultMemory), _time);
    }

    /// <summary>Exchanges and what ended the observation, in order.</summary>
    public IReadOnlyList<string> Told => _told;

    /// <summary>What exchanges make it throw.</summary>
    public Exception? Bug { get; init; }

    public WatchedConnection Client(string text) => Pass(Direction.Request, Encoding.Latin1.GetBytes(text));

    public WatchedConnection Server(string text) => Pass(Direction.Response, Encoding.Latin1.GetBytes(text));

    /// <summary>Each byte in a piece of its own.</summary>
    public WatchedConnection PassInBytes(Direction direction, ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
            _observer.Read(direction, [one], _time.GetTimestamp());
        return this;
    }

    public WatchedConnection Pass(Direction direction, ReadOnlySpan<byte> bytes)
    {
        _observer.Read(direction, bytes, _time.GetTimestamp());
        return this;
    }

    /// <summary>Runs what was posted to its thread.</summary>
    public WatchedConnection RunsPosted()
    {
        while (_posted.TryDequeue(out var posted))
            posted.Call(posted.State);
        return this;
    }

    public WatchedConnection Ends(Direction direction)
    {
        _observer.End(direction, _time.GetTimestamp());
        return this;
    }

    /// <summary>So many bytes pass unseen.</summary>
    public WatchedConnection Misses(Direction direction, long count)
    {
        _observer.Gap(direction, count, _time.GetTimestamp());
        return this;
    }

    public WatchedConnection Closes(RelayEndReason reason)
    {
        new RelayObservation(_observer, SidecarRole.Alone, _time).Close(reason);
        return this;
    }

    void IExchangeSink.OnExchange(Exchange exchange)
    {
        if (Bug is not null)
            throw Bug;
        _told.Add($"{Encoding.Latin1.GetString(exchange.Request.Method)} {Encoding.Latin1.GetString(exchange.Request.Target)} {exchange.Response?.Status} {exchange.Outcome}");
    }

    void IConnectionWatcher.OnUnobservable(ObservationFault fault) => _told.Add($"unobservable: {fault.Reason}, {fault.Rule}, {fault.Direction} {fault.Offset}");

    void IConnectionWatcher.Post(SendOrPostCallback call, object state) => _posted.Enqueue((call, state));

    void IConnectionWatcher.OnBug(Exception bug) => _told.Add($"bug: {bug.Message}");
}
