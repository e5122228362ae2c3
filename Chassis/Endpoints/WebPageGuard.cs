using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Http;

namespace Chassis.Endpoints;

/// <summary>
/// Tells the requests that a web page sends through a browser, which reaches ports that the page's owner does not. They bear an
/// origin, or say that a page sent them, or ask for the page's own name, which was made to lead here (DNS rebinding).
/// A name that nobody can register is no such name.
/// </summary>
public sealed class WebPageGuard
{
    // Kubernetes' own, what ICANN keeps for private use (2024), and RFC 6761's.
    private static readonly string[] PrivateDomains = [".svc", ".cluster.local", ".internal", ".localhost"];

    private readonly bool _takesPrivateNames;
    private readonly IReadOnlyList<DestinationPattern> _hosts;
    private readonly string _remedy;

    private WebPageGuard(bool takesPrivateNames, IReadOnlyList<DestinationPattern> hosts, string remedy) =>
        (_takesPrivateNames, _hosts, _remedy) = (takesPrivateNames, hosts, remedy);

    /// <summary>Of what shows and changes the process: an address or <c>localhost</c>.</summary>
    public static WebPageGuard Strict { get; } = new(false, [], "");

    /// <summary>
    /// Of what is scraped and probed: also names without a dot, names of this machine and of a cluster (<c>.svc</c>,
    /// <c>.cluster.local</c>, <c>.internal</c>), and configured ones.
    /// </summary>
    /// <param name="hosts">Other names that lead here.</param>
    /// <param name="setting">The setting that names them, for the answer to what is refused.</param>
    public static WebPageGuard ForMonitoring(IReadOnlyList<DestinationPattern> hosts, string setting) => new(true, hosts, $"; name others in {setting}");

    /// <summary>Why a request is not served; null when it is.</summary>
    public string? Refuse(HttpRequest request)
    {
        // "none": a person has typed the address.
        if (request.Headers.Origin.Count > 0 || (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "none"))
            return "requests of web pages are not served";
        return !request.Host.HasValue || IsKnown(request.Host) ? null : $"requests for a host other than {Known} are not served{_remedy}";
    }

    private string Known => _takesPrivateNames ? "an address, localhost or a name of this machine or its cluster" : "an address or localhost";

    private bool IsKnown(HostString host)
    {
        var name = host.Host.TrimEnd('.');
        if (IPAddress.TryParse(name, out _) || name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        if (_takesPrivateNames && (!name.Contains('.', StringComparison.Ordinal)
            || Array.Exists(PrivateDomains, domain => name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
            || name.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        return _hosts.Any(pattern => pattern.Matches(name, host.Port ?? 80));
    }
}
