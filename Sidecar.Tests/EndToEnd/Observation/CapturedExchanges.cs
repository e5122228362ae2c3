using System.Text;
using Packets;
using Sidecar.Connections;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>What the sidecar's observers make of captured packets: the same bytes, ends and gaps without a relay.</summary>
internal sealed class CapturedExchanges
{
    private readonly List<string> _seen = [];
    private readonly List<string> _faults = [];

    /// <summary>Each exchange: the client's port, method, target, status, outcome, and bytes both ways.</summary>
    public IReadOnlyList<string> Seen => _seen;

    /// <summary>Why connections were not observed to their end.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Reads a capture.</summary>
    public static CapturedExchanges Read(Stream file)
    {
        var exchanges = new CapturedExchanges();
        using var memory = new ObservationMemory(ObservationLimits.DefaultMemory);
        var reassembler = new TcpReassembler(opening => opening.IsFromStart ? new Connection(exchanges, opening.Client.Port, memory) : null);
        var reader = new CaptureReader(file);
        while (reader.TryRead(out var frame))
        {
            if (TcpSegment.TryRead(frame, out var segment))
                reassembler.Add(segment);
        }

        reassembler.Complete();
        return exchanges;
    }

    private sealed class Connection : ITcpReader, IConnectionWatcher
    {
        private readonly CapturedExchanges _exchanges;
        private readonly int _port;
        private readonly ConnectionObserver _observer;

        public Connection(CapturedExchanges exchanges, int port, ObservationMemory memory)
        {
            (_exchanges, _port) = (exchanges, port);
            _observer = new ConnectionObserver(this, new ObservationLimits(), memory, TimeProvider.System, isOfOneThread: true);
        }

        public bool IsDone => false;

        public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time) => _observer.Read(Of(direction), bytes, At(time));

        public void Gap(TcpDirection direction, long count, long time) => _observer.Gap(Of(direction), count, At(time));

        public void End(TcpDirection direction, long time) => _observer.End(Of(direction), At(time));

        public void Close(TcpDirection? resetBy, long time) => _observer.Close(
            resetBy switch
            {
                TcpDirection.ToServer => ExchangeOutcome.ClientReset,
                TcpDirection.ToClient => ExchangeOutcome.ServerReset,
                _ => ExchangeOutcome.Completed,
            },
            At(time));

        public void OnExchange(Exchange exchange)
        {
            var (method, target) = (Encoding.ASCII.GetString(exchange.Request.Method), Encoding.ASCII.GetString(exchange.Request.Target));
            var outcome = exchange.Outcome == ExchangeOutcome.Completed ? "completed" : exchange.Outcome.ToString();
            _exchanges._seen.Add($"{_port} {method} {target} {exchange.FinalResponse?.Status} {outcome} {exchange.RequestBytes} {exchange.ResponseBytes}");
        }

        public void OnUnobservable(ObservationFault fault) => _exchanges._faults.Add($"{_port} {fault}");

        public void OnBug(Exception bug) => _exchanges._faults.Add($"{_port} {bug}");

        public void Post(SendOrPostCallback call, object state) => call(state);

        private static Direction Of(TcpDirection direction) => direction == TcpDirection.ToServer ? Direction.Request : Direction.Response;

        // The system's clock counts from the machine's start: nanoseconds of a day fit as well.
        private static long At(long time) =>
            time % (TimeSpan.TicksPerDay * TimeSpan.NanosecondsPerTick) / TimeSpan.NanosecondsPerTick * (TimeProvider.System.TimestampFrequency / TimeSpan.TicksPerSecond);
    }
}
