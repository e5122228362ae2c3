using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Resolution;

namespace Sidecar.Authorization;

/// <summary>
/// Whether the Oracle can be reached. From the start, or after a reload has named it, a TCP connection to it is tried until one succeeds;
/// no question is asked. After that, the questions of connections show it.
/// </summary>
internal sealed partial class OracleReach(Resolver resolver, TimeProvider time, ILogger<OracleReach> logger) : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _ending = new();
    private volatile Sight? _sight;

    /// <summary>Why no connection can be authorized yet; null when the Oracle was reached, and if there is no Oracle.</summary>
    public string? NotReady => _sight is { WasReached: false } sight ? $"waiting for the Oracle at {sight.Oracle}: {sight.Problem ?? "connecting"}" : null;

    /// <summary>The problem with an Oracle that was reached before; null if there is none.</summary>
    public string? Detail => _sight is { WasReached: true, Problem: { } problem } sight ? $"the Oracle at {sight.Oracle} does not answer: {problem}" : null;

    /// <summary>Starts to look for the Oracle of these listeners, unless it is the same as before.</summary>
    public void Watch(IReadOnlyList<ListenerOptions> listeners)
    {
        var oracle = listeners.Select(listener => listener.Oracle).FirstOrDefault(oracle => oracle is not null);
        if (_sight?.Oracle == oracle)
            return;
        _sight = oracle is { } named ? new Sight(named) : null;
        if (_sight is { } sight)
            _ = ReachAsync(sight, _ending.Token);
    }

    /// <summary>A question was answered, or was not.</summary>
    public void Note(HostPort oracle, Decision decision)
    {
        // A connection of an earlier configuration can ask another Oracle.
        if (_sight is not { } sight || sight.Oracle != oracle)
            return;
        var isMissing = decision.Refusal is RelayEndReason.OracleUnreachable or RelayEndReason.OracleTimeout;
        if (!isMissing)
            sight.WasReached = true;
        var problem = isMissing ? decision.Detail : null;
        // Usually nothing changes: the field, which all loops read, is written only after a change.
        if (sight.Problem != problem)
            sight.Problem = problem;
    }

    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }

    private async Task ReachAsync(Sight sight, CancellationToken ending)
    {
        try
        {
            for (var pause = FirstPause; await TryAsync(sight.Oracle, ending) is { } problem && !sight.WasReached; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                if (sight.Problem is null)
                    Log.Unreached(logger, sight.Oracle, problem);
                sight.Problem = problem;
                await Task.Delay(pause, time, ending);
                if (_sight != sight)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
            return;
        }

        if (sight.Problem is not null && !sight.WasReached)
            Log.Reached(logger, sight.Oracle);
        sight.Problem = null;
        sight.WasReached = true;
    }

    // Null if it accepted.
    private async Task<string?> TryAsync(HostPort oracle, CancellationToken stopping)
    {
        var resolved = await resolver.ResolveAsync(oracle, ConnectLimit);
        if (resolved.Failure is not null)
            return resolved.Detail;
        var problem = "no address";
        foreach (var address in resolved.Addresses)
        {
            using var limit = new CancellationTokenSource(ConnectLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
            try
            {
                using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(address, either.Token);
                return null;
            }
            catch (SocketException error)
            {
                problem = $"{address}: {error.Message}";
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                problem = $"{address}: no answer within {ConnectLimit.TotalSeconds} s";
            }
        }

        return problem;
    }

    /// <summary>The state of one Oracle.</summary>
    private sealed class Sight(HostPort oracle)
    {
        private volatile bool _wasReached;
        private volatile string? _problem;

        public HostPort Oracle => oracle;

        public bool WasReached
        {
            get => _wasReached;
            set => _wasReached = value;
        }

        public string? Problem
        {
            get => _problem;
            set => _problem = value;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(17, LogLevel.Warning, "The Oracle at {Oracle} cannot be reached: {Problem}. Until it can, this sidecar is not ready, and no connection is authorized")]
        public static partial void Unreached(ILogger logger, HostPort oracle, string problem);

        [LoggerMessage(18, LogLevel.Information, "The Oracle at {Oracle} accepts connections")]
        public static partial void Reached(ILogger logger, HostPort oracle);
    }
}
