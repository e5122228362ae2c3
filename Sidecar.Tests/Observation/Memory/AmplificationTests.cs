using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Tests.EndToEnd.Load;
using Testing;
using Xunit;

namespace Sidecar.Tests.Observation.Memory;

/// <summary>What may be kept of what was sent. Alone, for the whole process's memory is measured.</summary>
[SystemTest]
[Collection(HeavyLoad.Name)]
public sealed class AmplificationTests
{
    private const int Connections = 100;
    private const int Most = 100;

    public static TheoryData<string> Shapes => [.. TrafficShapes.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Traffic_OfAnyShape_KeepsAtMostAHundredTimesWhatWasSent(string shape)
    {
        Feed(shape, new ObservationMemory(ObservationLimits.DefaultMemory), 1);
        using var memory = new ObservationMemory(8L * 1024 * 1024 * 1024);
        var traffic = TrafficShapes.All[shape]().ToList();
        var sent = traffic.Sum(piece => (long)piece.Bytes.Length) * Connections;
        var before = ManagedMemory.Settled();
        var observers = Feed(shape, memory, Connections);
        var held = ManagedMemory.Settled() - before;
        // Less than nothing when a pool frees what earlier tests gave back.
        Assert.InRange(held, long.MinValue, (Most * sent) + (MemoryAccount.Starting * Connections));
        // And the account is true, but for what the pool keeps of buffers that were given back.
        Assert.InRange(held, long.MinValue, (memory.Used * 5 / 4) + (256 * 1024));
        foreach (var observer in observers)
            observer.Close(ExchangeOutcome.Completed, 0);
        Assert.Equal(0, memory.Used);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Traffic_OfAnyShape_IsKeptWithinTheBudgetOfAll(string shape)
    {
        const long limit = 1024 * 1024;
        using var memory = new ObservationMemory(limit);
        var connections = new List<WatchedConnection>();
        // As much as one thing that cannot be cut may be above it, until the observation ends.
        const long slack = 64 * 1024;
        for (var i = 0; i < Connections; i++)
        {
            var connection = new WatchedConnection(memory: memory);
            connections.Add(connection);
            foreach (var (direction, bytes) in TrafficShapes.All[shape]())
                connection.Pass(direction, bytes);
            foreach (var other in connections)
                other.RunsPosted();
            Assert.InRange(memory.Used, 0, limit + slack);
        }

        foreach (var connection in connections)
            connection.Closes(RelayEndReason.Completed);
        Assert.Equal(0, memory.Used);
    }

    private static List<ConnectionObserver> Feed(string shape, ObservationMemory memory, int count)
    {
        var traffic = TrafficShapes.All[shape]().ToList();
        var observers = new List<ConnectionObserver>();
        for (var i = 0; i < count; i++)
        {
            var observer = new ConnectionObserver(new Deaf(), new ObservationLimits(), memory, TimeProvider.System);
            foreach (var (direction, bytes) in traffic)
                observer.Read(direction, bytes, TimeProvider.System.GetTimestamp());
            observers.Add(observer);
        }

        return observers;
    }

    private sealed class Deaf : IConnectionWatcher
    {
        public void OnExchange(Exchange exchange)
        {
            // Records are another matter.
        }

        public void OnUnobservable(ObservationFault fault)
        {
            // It keeps nothing then.
        }

        public void OnBug(Exception bug) => Assert.Fail(bug.ToString());

        public void Post(SendOrPostCallback call, object state) => call(state);
    }
}
