using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Sidecar.Options;

namespace Sidecar.Hosting.Probes;

/// <summary>Asks an application whether it is well, as the kubelet would.</summary>
internal sealed class Prober
{
    // The kubelet reads as much of an answer.
    private const int MaxAnswerHeadKilobytes = 10;

    // Belongs to one connection only (RFC 9110, section 7.6.1), or is said anew.
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = MaxAnswerHeadKilobytes,
        // Each probe on a new connection, so that it also tests that the application accepts.
        PooledConnectionLifetime = TimeSpan.Zero,
        SslOptions = AnyCertificate(),
    });

    /// <summary>Performs a probe.</summary>
    /// <param name="target">What to ask.</param>
    /// <param name="request">The kubelet's request: its headers are passed on.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Why it failed; null if the application is well.</returns>
    public async Task<string?> AskAsync(ProbeTarget target, HttpRequest request, CancellationToken cancellation)
    {
        var url = target.UrlAt(request.HttpContext.Connection.LocalIpAddress is { } reached ? reached.IsIPv4MappedToIPv6 ? reached.MapToIPv4() : reached : IPAddress.Loopback);
        try
        {
            return target.Kind switch
            {
                ProbeKind.Tcp => await ConnectAsync(url, cancellation),
                ProbeKind.Grpc => await GrpcHealth.AskAsync(_client, url, target.Path, cancellation),
                _ => await GetAsync(url, request, cancellation),
            };
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return $"{target.Kind} {url}: {Innermost(error).Message}";
        }
        catch (OperationCanceledException)
        {
            return $"{target.Kind} {url}: no answer in time";
        }
    }

    private static async Task<string?> ConnectAsync(Uri url, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(url.IdnHost, url.Port, cancellation);
        return null;
    }

    private async Task<string?> GetAsync(Uri url, HttpRequest asked, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        foreach (var (name, values) in asked.Headers)
        {
            if (!OwnHeaders.Contains(name))
                request.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }

        // A probe can name a host. Without that, the kubelet names the address of the sidecar's port.
        if (!IPAddress.TryParse(asked.Host.Host, out _))
            request.Headers.Host = asked.Host.Value;
        request.Headers.ConnectionClose = true;
        using var answer = await _client.SendAsync(request, cancellation);
        return (int)answer.StatusCode is >= 200 and <= 399 ? null : $"{url}: status {(int)answer.StatusCode}";
    }

    // The application in the own pod: the kubelet checks no certificate either.
    private static SslClientAuthenticationOptions AnyCertificate()
    {
#pragma warning disable CA5359 // See above.
        return new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
#pragma warning restore CA5359
    }

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
