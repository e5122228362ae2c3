using System.Net;
using Chassis.Net;
using Chassis.Settings;

namespace Sidecar.Options;

/// <summary>How a probe asks an application.</summary>
internal enum ProbeKind
{
    /// <summary>An HTTP request; a status from 200 to 399 is a success.</summary>
    Http,

    /// <summary>The same over TLS; any certificate is accepted, as the kubelet accepts any.</summary>
    Https,

    /// <summary>A TCP connection.</summary>
    Tcp,

    /// <summary>The gRPC health protocol, version 1; SERVING is a success.</summary>
    Grpc,
}

/// <summary>
/// What a probe of the application asks, written <c>http://HOST:PORT/PATH</c>, <c>https://…</c>, <c>tcp://HOST:PORT</c> or
/// <c>grpc://HOST:PORT/SERVICE</c>.
/// </summary>
/// <param name="Kind">How it asks.</param>
/// <param name="Host">The host to ask; empty for the address at which the prober has reached the sidecar.</param>
/// <param name="Port">The port.</param>
/// <param name="Path">The path with its query, without the first slash; for gRPC the service, possibly empty.</param>
internal sealed record ProbeTarget(ProbeKind Kind, string Host, int Port, string Path)
{
    private const int MaxLength = 4096;

    /// <summary>Reads a target.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static ProbeTarget Parse(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0 || text.Length > MaxLength || text.Any(c => char.IsControl(c) || c == ' '))
            throw Expected();
        var kind = text[..scheme] switch
        {
            "http" => ProbeKind.Http,
            "https" => ProbeKind.Https,
            "tcp" => ProbeKind.Tcp,
            "grpc" => ProbeKind.Grpc,
            _ => throw Expected(),
        };
        var rest = text[(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (authority, path) = slash < 0 ? (rest, "") : (rest[..slash], rest[(slash + 1)..]);
        if (kind == ProbeKind.Tcp && path.Length > 0)
            throw Expected();
        return authority is [':', .. var port]
            ? new ProbeTarget(kind, "", Values.Port(port), path)
            : HostPort.Parse(authority) is var address ? new ProbeTarget(kind, address.Host, address.Port, path) : throw Expected();
    }

    /// <summary>The target as URL.</summary>
    /// <param name="reached">The address for an empty host.</param>
    public Uri UrlAt(IPAddress reached)
    {
        var host = Host.Length > 0 ? Host : reached.ToString();
        var scheme = Kind == ProbeKind.Https ? "https" : "http";
        return new Uri($"{scheme}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{Port}/{Path}");
    }

    private static FormatException Expected() =>
        new("a target is expected, such as http://:8080/healthz, https://:8443/healthz, tcp://:5432 or grpc://:9000/SERVICE");
}
