using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Relay;

namespace Sidecar.Upstream;

/// <summary>The addresses of a name, or why there are none.</summary>
/// <param name="Addresses">In the order of the name service.</param>
/// <param name="Failure">Why there are none.</param>
/// <param name="Detail">The failure in words.</param>
/// <param name="Took">How long the look-up took; no time for an address.</param>
internal readonly record struct ResolveOutcome(IReadOnlyList<IPEndPoint> Addresses, RelayEndReason? Failure, string? Detail, TimeSpan Took = default);

/// <summary>Turns a name into addresses, once for each connection, within a limit of time.</summary>
internal sealed class Resolver(TimeProvider time, Func<string, IPAddress[]> lookUp) : IDisposable
{
    // A hostile name server could answer with hundreds; each would get its share of the connect timeout.
    private const int MaxAddresses = 16;

    // getaddrinfo holds its thread for as long as name servers are silent (10 s by default) and cannot be interrupted.
    private const int MaxLookUps = 16;

    private readonly SemaphoreSlim _slots = new(MaxLookUps);

    public async ValueTask<ResolveOutcome> ResolveAsync(HostPort host, TimeSpan limit)
    {
        if (Literal(host) is { } literal)
            return new([literal], null, null);
        var started = time.GetTimestamp();
        using var end = new CancellationTokenSource(limit, time);
        try
        {
            await _slots.WaitAsync(end.Token);
            var addresses = await StartLookUp(host.Host).WaitAsync(end.Token);
            return addresses.Length > 0
                ? new([.. addresses.Take(MaxAddresses).Select(a => Canonical(a, host.Port)).Distinct()], null, null, time.GetElapsedTime(started))
                : new([], RelayEndReason.ConnectFailed, $"{host.Host} has no address");
        }
        catch (OperationCanceledException)
        {
            return new([], RelayEndReason.ConnectTimeout, $"{host.Host} was not resolved in time");
        }
        catch (Exception error) when (error is SocketException or ArgumentException or TaskSchedulerException)
        {
            return new([], RelayEndReason.ConnectFailed, $"{host.Host}: {error.Message}");
        }
    }

    /// <summary>The address that a host is by itself, without a look-up; null for a name.</summary>
    public static IPEndPoint? Literal(HostPort host) => IPAddress.TryParse(host.Host, out var address) ? Canonical(address, host.Port) : null;

    public void Dispose() => _slots.Dispose();

    // On a thread of its own: slow names must not take the pool's threads from everyone else. It frees its slot when it really ends.
    private Task<IPAddress[]> StartLookUp(string host)
    {
        try
        {
            return Task.Factory.StartNew(() => LookUp(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (TaskSchedulerException)
        {
            // No thread could be started: no memory, no descriptor, or too many tasks in the control group.
            _slots.Release();
            throw;
        }
    }

    private IPAddress[] LookUp(string host)
    {
        try
        {
            return lookUp(host);
        }
        finally
        {
            _slots.Release();
        }
    }

    private static IPEndPoint Canonical(IPAddress address, int port) => new(NetworkAddress.Canonical(address), port);
}
