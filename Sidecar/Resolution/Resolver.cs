using System.Net;
using Chassis.Net;
using Sidecar.Connections;

namespace Sidecar.Resolution;

/// <summary>The addresses of a name, or why there are none.</summary>
/// <param name="Addresses">In the order of the name service.</param>
/// <param name="Failure">Why there are none.</param>
/// <param name="Detail">The failure in words.</param>
/// <param name="Took">Duration of the look-up; zero for an address.</param>
internal readonly record struct ResolveOutcome(IReadOnlyList<IPEndPoint> Addresses, RelayEndReason? Failure, string? Detail, TimeSpan Took = default);

/// <summary>
/// Resolves a name once for each connection, within a time limit. Names of the configuration have their own look-ups, at most one
/// for each name; names that clients send share a few places.
/// </summary>
internal sealed partial class Resolver(TimeProvider time, Func<string, IPAddress[]> lookUp, ILogger<Resolver> logger)
{
    /// <summary>
    /// Look-ups at once of names that clients send. Each can hold a thread while name servers are silent (10 s by default).
    /// </summary>
    public const int MaxTold = 32;

    /// <summary>The most of these for one client.</summary>
    public const int MaxOfClient = 8;

    private readonly LookUps _configured = new(time, lookUp, places: null, (name, error) => Log.HeldOn(logger, name, error));
    private readonly LookUps _told = new(time, lookUp, new ClientPlaces(MaxTold, MaxOfClient));

    /// <summary>Finds the addresses of a host.</summary>
    /// <param name="host">A name, or an address, which needs no look-up.</param>
    /// <param name="limit">The time limit.</param>
    /// <param name="client">The client that sent the name; null for a name of the configuration.</param>
    public async ValueTask<ResolveOutcome> ResolveAsync(HostPort host, TimeSpan limit, IPAddress? client = null)
    {
        if (Literal(host) is { } literal)
            return new([literal], null, null);
        var started = time.GetTimestamp();
        using var end = new CancellationTokenSource(limit, time);
        try
        {
            var found = await (client is null ? _configured : _told).FindAsync(host.Host, client ?? IPAddress.None, end.Token);
            return found.Addresses.Count > 0
                ? new([.. found.Addresses.Select(a => Canonical(a, host.Port)).Distinct()], null, null, time.GetElapsedTime(started))
                : new([], RelayEndReason.ConnectFailed, found.Error is { } error ? $"{host.Host}: {error}" : $"{host.Host} has no address");
        }
        catch (OperationCanceledException)
        {
            return new([], RelayEndReason.ConnectTimeout, $"{host.Host} was not resolved in time");
        }
    }

    /// <summary>The address of a host that is an address already; null for a name.</summary>
    public static IPEndPoint? Literal(HostPort host) => IPAddress.TryParse(host.Host, out var address) ? Canonical(address, host.Port) : null;

    private static IPEndPoint Canonical(IPAddress address, int port) => new(NetworkAddress.Canonical(address), port);

    private static partial class Log
    {
        [LoggerMessage(156, LogLevel.Warning, "The name service did not answer for {Name}: {Error}. Its last addresses stay in use")]
        public static partial void HeldOn(ILogger logger, string name, string error);
    }
}
