using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Resolution;

namespace Sidecar.Authorization;

/// <summary>
/// Whether the Oracle can be reached. From the start on a TCP connection to it is tried until one succeeds; no question is
/// asked. After that the questions of connections show it.
/// </summary>
internal sealed partial class OracleReach(IReadOnlyList<ListenerOptions> listeners, Resolver resolver, TimeProvider time, ILogger<OracleReach> logger) : BackgroundService
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly HostPort? _oracle = listeners.Select(listener => listener.Oracle).FirstOrDefault(oracle => oracle is not null);
    private volatile bool _wasReached;
    private volatile string? _problem;

    /// <summary>Why no connection can be authorized yet; null once the Oracle was reached, and where there is none.</summary>
    public string? NotReady => _oracle is null || _wasReached ? null : $"waiting for the Oracle at {_oracle}: {_problem ?? "connecting"}";

    /// <summary>What is wrong with an Oracle that was reached before; null while nothing is.</summary>
    public string? Detail => _wasReached && _problem is { } problem ? $"the Oracle at {_oracle} does not answer: {problem}" : null;

    /// <summary>A question was answered, or not.</summary>
    public void Note(Decision decision)
    {
        var isMissing = decision.Refusal is RelayEndReason.OracleUnreachable or RelayEndReason.OracleTimeout;
        if (!isMissing)
            _wasReached = true;
        var problem = isMissing ? decision.Detail : null;
        // Mostly nothing changes: what all loops read is written only when it does.
        if (_problem != problem)
            _problem = problem;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_oracle is not { } oracle)
            return;
        for (var pause = FirstPause; await TryAsync(oracle, stoppingToken) is { } problem && !_wasReached; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (_problem is null)
                Log.Unreached(logger, oracle, problem);
            _problem = problem;
            await Task.Delay(pause, time, stoppingToken);
        }

        if (_problem is not null && !_wasReached)
            Log.Reached(logger, oracle);
        _problem = null;
        _wasReached = true;
    }

    // Null when it accepted.
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

    private static partial class Log
    {
        [LoggerMessage(17, LogLevel.Warning, "The Oracle at {Oracle} cannot be reached: {Problem}. Until it can, this sidecar is not ready, and no connection is authorized")]
        public static partial void Unreached(ILogger logger, HostPort oracle, string problem);

        [LoggerMessage(18, LogLevel.Information, "The Oracle at {Oracle} accepts connections")]
        public static partial void Reached(ILogger logger, HostPort oracle);
    }
}
