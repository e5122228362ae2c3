using Oracle.Protocol;
using Sidecar.Configuration;
using Sidecar.Destination;
using Sidecar.Observation;
using Sidecar.Telemetry;

namespace Sidecar.Records;

/// <summary>Has connections observed and accounts for each of their exchanges, once: metrics and, if records are wanted, a record.</summary>
internal sealed partial class ExchangeReporter(SidecarOptions options, ExchangeMetrics metrics, TimeProvider time, ILogger<ExchangeReporter> logger)
{
    /// <summary>An observer for a connection that is to be relayed; null where its listener is not observed.</summary>
    public ConnectionObserver? Observe(ConnectionReport report) =>
        report.Listener.Observe ? new ConnectionObserver(new Watcher(report, metrics, logger), options.Observation, time) : null;

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Debug, "Connection {Id} of {Client} is relayed unobserved: {Detail}")]
        public static partial void Unobservable(ILogger logger, ConnectionId id, ClientAddress client, string detail);

        [LoggerMessage(41, LogLevel.Error, "Connection {Id} of {Client} is relayed unobserved because of a bug")]
        public static partial void Bug(ILogger logger, Exception bug, ConnectionId id, ClientAddress client);
    }

    private sealed class Watcher(ConnectionReport report, ExchangeMetrics metrics, ILogger logger) : IConnectionWatcher
    {
        public void OnExchange(Exchange exchange) => metrics.Ended(exchange);

        public void OnUnobservable(Unobservable reason, string detail)
        {
            metrics.Unobservable(reason);
            if (logger.IsEnabled(LogLevel.Debug))
                Log.Unobservable(logger, report.Id, report.Client, detail);
        }

        public void OnBug(Exception bug)
        {
            metrics.Unobservable(Unobservable.InternalError);
            Log.Bug(logger, bug, report.Id, report.Client);
        }
    }
}
