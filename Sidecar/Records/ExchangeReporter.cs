using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Records.Exchanges;
using Sidecar.Telemetry;
using Sidecar.Transport.Epoll;

namespace Sidecar.Records;

/// <summary>
/// Starts the observation of connections and accounts for each of their exchanges, once: metrics and, if configured, a record.
/// </summary>
internal sealed partial class ExchangeReporter(
    SidecarOptions options, ExchangeMetrics metrics, ObservationMemory memory, TimeProvider time, ILogger<ExchangeReporter> logger,
    ExchangeRecorder? recorder = null, LocalProcesses? processes = null)
{
    /// <summary>An observer for a connection that will be relayed; null if its listener is not observed.</summary>
    public ConnectionObserver? Observe(ConnectionReport report, ConnectionContext downstream, ConnectionContext upstream)
    {
        if (!report.Listener.Observe)
            return null;
        var process = processes is null ? LocalProcess.Own : FindProcess(processes, report, downstream, upstream);
        var loop = downstream.Features.Get<EventLoop>();
        return new ConnectionObserver(new Watcher(report, process, recorder, metrics, logger, loop), options.Observation, memory, time, isOfOneThread: loop is not null);
    }

    // Asked while both ends certainly exist: at a p1 for the client's end, with a socket that still has the original destination; otherwise for the service's.
    private static LocalProcess FindProcess(LocalProcesses processes, ConnectionReport report, ConnectionContext downstream, ConnectionContext upstream)
    {
        var (own, other) = report.Listener.Role != SidecarRole.P1
            ? (upstream.LocalEndPoint as IPEndPoint, report.Upstream!.Value.EndPoint)
            : (report.Listener.Mode == ListenerMode.Transparent ? ServerOf(report) : downstream.LocalEndPoint as IPEndPoint, report.Peer.EndPoint);
        // A socket that was closed meanwhile has no end point any more.
        return own is null ? LocalProcess.Own : processes.Find(own, other);
    }

    private static IPEndPoint ServerOf(ConnectionReport report) =>
        report.Destination is { } destination && IPAddress.TryParse(destination.Host, out var address)
            ? new IPEndPoint(address, destination.Port)
            : report.Upstream!.Value.EndPoint;

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Debug, "Connection {Id} of {Client} is relayed unobserved: {Reason}")]
        public static partial void Unobservable(ILogger logger, ConnectionId id, ClientAddress client, UnobservedRecord reason);

        [LoggerMessage(41, LogLevel.Error, "Connection {Id} of {Client} is relayed unobserved because of a bug")]
        public static partial void Bug(ILogger logger, Exception bug, ConnectionId id, ClientAddress client);
    }

    private sealed class Watcher(ConnectionReport report, LocalProcess process, ExchangeRecorder? recorder, ExchangeMetrics metrics, ILogger logger, EventLoop? loop) : IConnectionWatcher
    {
        // Made for the first exchange.
        private RecordChain? _records;

        public void OnExchange(Exchange exchange)
        {
            metrics.Ended(exchange, report.Listener.Name);
            if (recorder is null)
                return;
            _records ??= recorder.Begin(new ExchangeOrigin(report.Id, report.Listener.Role, report.Transform, report.Client, ServerOf(report), process));
            _records.Write(exchange);
        }

        public void OnUnobservable(ObservationFault fault)
        {
            metrics.Unobservable(fault.Reason);
            report.Unobserved = Unobserved.Of(fault);
            if (logger.IsEnabled(LogLevel.Debug))
                Log.Unobservable(logger, report.Id, report.Client, report.Unobserved);
        }

        public void OnBug(Exception bug)
        {
            var reason = bug is OutOfMemoryException ? Unobservable.Memory : Unobservable.InternalError;
            metrics.Unobservable(reason);
            report.Unobserved = Unobserved.Of(reason);
            Log.Bug(logger, bug, report.Id, report.Client);
        }

        public void Post(SendOrPostCallback call, object state)
        {
            if (loop is not null)
                loop.Post(call, state);
            else
                ThreadPool.UnsafeQueueUserWorkItem(static work => work.call(work.state), (call, state), preferLocal: false);
        }
    }
}
