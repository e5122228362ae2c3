using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Http;

namespace Chassis.Endpoints;

/// <summary>
/// Recognizes requests that a web page sends through a browser, because a browser reaches ports that the page's owner cannot reach.
/// Such a request has an Origin, or says that a page sent it, or asks for the page's own name, which leads to this machine
/// (DNS rebinding). A name that nobody can register is safe.
/// </summary>
public sealed class WebPageGuard
{
    // Kubernetes' own domains, ICANN's domain for private use (2024), and those of RFC 6761.
    private static readonly string[] PrivateDomains = [".svc", ".cluster.local", ".internal", ".localhost"];

    private readonly bool _takesPrivateNames;
    private readonly IReadOnlyList<DestinationPattern> _hosts;
    private readonly string _remedy;

    private WebPageGuard(bool takesPrivateNames, IReadOnlyList<DestinationPattern> hosts, string remedy) =>
        (_takesPrivateNames, _hosts, _remedy) = (takesPrivateNames, hosts, remedy);

    /// <summary>For endpoints that show and change the process: only addresses and <c>localhost</c>.</summary>
    public static WebPageGuard Strict { get; } = new(false, [], "");

    /// <summary>
    /// For endpoints that are scraped and probed: also names without a dot, names of this machine and of a cluster (<c>.svc</c>,
    /// <c>.cluster.local</c>, <c>.internal</c>), and configured names.
    /// </summary>
    /// <param name="hosts">Other names that lead to this machine.</param>
    /// <param name="setting">The setting that has them; the answer to a refused request names it.</param>
    public static WebPageGuard ForMonitoring(IReadOnlyList<DestinationPattern> hosts, string setting) => new(true, hosts, $"; name others in {setting}");

    /// <summary>Why a request is refused; null if it is served.</summary>
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
