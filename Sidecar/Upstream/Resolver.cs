using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Configuration;
using Sidecar.Relay;

namespace Sidecar.Upstream;

/// <summary>The addresses of a name, or why there are none.</summary>
internal readonly record struct ResolveOutcome(IReadOnlyList<IPEndPoint> Addresses, RelayEndReason? Failure, string? Detail);

/// <summary>Turns a name into addresses, once for each connection, within the connect timeout.</summary>
internal sealed class Resolver(TimeoutOptions timeouts, TimeProvider time)
{
    // A hostile name server could answer with hundreds; each would get its share of the connect timeout.
    private const int MaxAddresses = 16;

    public async ValueTask<ResolveOutcome> ResolveAsync(HostPort host)
    {
        if (IPAddress.TryParse(host.Host, out var literal))
            return new([Canonical(literal, host.Port)], null, null);
        using var limit = new CancellationTokenSource(timeouts.Connect, time);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host.Host, limit.Token);
            return addresses.Length > 0
                ? new([.. addresses.Take(MaxAddresses).Select(a => Canonical(a, host.Port)).Distinct()], null, null)
                : new([], RelayEndReason.ConnectFailed, $"{host.Host} has no address");
        }
        catch (OperationCanceledException)
        {
            return new([], RelayEndReason.ConnectTimeout, $"{host.Host} was not resolved in time");
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return new([], RelayEndReason.ConnectFailed, $"{host.Host}: {error.Message}");
        }
    }

    private static IPEndPoint Canonical(IPAddress address, int port) => new(NetworkAddress.Canonical(address), port);
}
