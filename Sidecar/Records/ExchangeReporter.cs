using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Kubernetes;
using Sidecar.Net;
using Sidecar.Observation;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Telemetry;
using Sidecar.Transport.Epoll;

namespace Sidecar.Records;

/// <summary>
/// Starts the observation of connections and accounts for each of their exchanges, once: metrics and, if configured, a record.
/// </summary>
internal sealed partial class ExchangeReporter(
    SidecarOptions options, ExchangeMetrics metrics, ObservationMemory memory, TimeProvider time, ILogger<ExchangeReporter> logger,
    ExchangeRecorder? recorder = null, LocalProcesses? processes = null, PeerNames? peers = null)
{
    /// <summary>An observer for a connection that will be relayed; null if its listener is not observed.</summary>
    public ConnectionObserver? Observe(ConnectionInfo info, ConnectionContext downstream, ConnectionContext upstream)
    {
        if (!info.Listener.Observe)
            return null;
        var process = processes is null ? LocalProcess.Own : FindProcess(processes, info, downstream, upstream);
        var loop = downstream.Features.Get<EventLoop>();
        var names = peers?.Begin(info.Listener.Role, info.Client.EndPoint, ServerOf(info), time.GetUtcNow() - time.GetElapsedTime(info.Opened));
        return new ConnectionObserver(new Watcher(info, process, names, recorder, metrics, logger, loop), options.Observation, memory, time, isOfOneThread: loop is not null);
    }

    // Asked while both ends certainly exist: at a p1 for the client's end, with a socket that still has the original destination; otherwise for the service's.
    private static LocalProcess FindProcess(LocalProcesses processes, ConnectionInfo info, ConnectionContext downstream, ConnectionContext upstream)
    {
        var (own, other) = info.Listener.Role != SidecarRole.Outbound
            ? (upstream.LocalEndPoint as IPEndPoint, info.Upstream!.Value.EndPoint)
            : (info.Listener.Mode == ListenerMode.Transparent ? ServerOf(info) : downstream.LocalEndPoint as IPEndPoint, info.Peer.EndPoint);
        // A socket that was closed meanwhile has no end point any more.
        return own is null ? LocalProcess.Own : processes.Find(own, other);
    }

    private static IPEndPoint ServerOf(ConnectionInfo info) =>
        info.Destination is { } destination && IPAddress.TryParse(destination.Host, out var address)
            ? new IPEndPoint(address, destination.Port)
            : info.Upstream!.Value.EndPoint;

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Debug, "Connection {Id} of {Client} is relayed unobserved: {Reason}")]
        public static partial void Unobservable(ILogger logger, ConnectionId id, ClientAddress client, UnobservedRecord reason);

        [LoggerMessage(41, LogLevel.Error, "Connection {Id} of {Client} is relayed unobserved because of a bug")]
        public static partial void Bug(ILogger logger, Exception bug, ConnectionId id, ClientAddress client);
    }

    private sealed class Watcher(
        ConnectionInfo info, LocalProcess process, Func<ConnectionNames>? names, ExchangeRecorder? recorder, ExchangeMetrics metrics, ILogger logger, EventLoop? loop) : IConnectionWatcher
    {
        // Made for the first exchange; null if no entry takes this connection's.
        private RecordChain? _records;
        private bool _hasBegun;

        public void OnExchange(Exchange exchange)
        {
            metrics.Ended(exchange, info.Listener.Name);
            if (recorder is null)
                return;
            if (!_hasBegun)
                (_hasBegun, _records) = (true, recorder.Begin(new ExchangeOrigin(info.Id, info.Listener.Role, info.Transform, info.Client, ServerOf(info), process, names?.Invoke())));
            _records?.Write(exchange);
        }

        public void OnUnobservable(ObservationFault fault)
        {
            metrics.Unobservable(fault.Reason);
            info.Unobserved = Unobserved.Of(fault);
            if (logger.IsEnabled(LogLevel.Debug))
                Log.Unobservable(logger, info.Id, info.Client, info.Unobserved);
        }

        public void OnBug(Exception bug)
        {
            var reason = bug is OutOfMemoryException ? Unobservable.Memory : Unobservable.InternalError;
            metrics.Unobservable(reason);
            info.Unobserved = Unobserved.Of(reason);
            Log.Bug(logger, bug, info.Id, info.Client);
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
