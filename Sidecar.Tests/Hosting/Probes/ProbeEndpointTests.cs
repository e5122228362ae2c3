using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting.Probes;

/// <summary>The health port performs the probes of applications: ASP.NET Core over HTTP and TLS, its gRPC health service, sockets.</summary>
public sealed class ProbeEndpointTests : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _running = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var part in _running)
            await part.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(200, 200)]
    [InlineData(204, 200)]
    [InlineData(302, 200)]
    [InlineData(400, 503)]
    [InlineData(500, 503)]
    public async Task Http_TheStatusDecides(int status, int expected)
    {
        var port = await ApplicationAsync(app => app.MapGet("/healthz", (HttpContext context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "http://127.0.0.1:1/";
        }));

        var answer = await ProbeAsync($"http://:{port}/healthz");

        Assert.Equal(expected, (int)answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal(expected == 200 ? "ok\n" : $"http://127.0.0.1:{port}/healthz: status {status}\n", text);
    }

    [Fact]
    public async Task Http_HeadersAndHostOfTheProbeArePassedOn()
    {
        var seen = new TaskCompletionSource<(string Host, string Header, string Agent, string Query)>();
        var port = await ApplicationAsync(app => app.MapGet("/live", (HttpContext context) =>
            seen.TrySetResult((context.Request.Host.Value!, context.Request.Headers["X-Probe"].ToString(), context.Request.Headers.UserAgent.ToString(), context.Request.QueryString.Value!))));
        using var request = new HttpRequestMessage(HttpMethod.Get, "") { Headers = { { "Host", "app.example.org" }, { "X-Probe", "1" }, { "User-Agent", "kube-probe/1.33" } } };

        Assert.Equal(HttpStatusCode.OK, (await ProbeAsync($"http://:{port}/live?a=b", request)).StatusCode);

        Assert.Equal(("app.example.org", "1", "kube-probe/1.33", "?a=b"), await seen.Task);
    }

    [Fact]
    public async Task Http_WithoutAHost_TheApplicationIsNamed()
    {
        var seen = new TaskCompletionSource<string>();
        var port = await ApplicationAsync(app => app.MapGet("/", (HttpContext context) => seen.TrySetResult(context.Request.Host.Value!)));

        await ProbeAsync($"http://:{port}");

        Assert.Equal($"127.0.0.1:{port}", await seen.Task);
    }

    [Fact]
    public async Task Https_TakesAnyCertificate()
    {
        using var key = ECDsa.Create();
        using var certificate = new CertificateRequest("CN=nobody", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(-1));
        var port = await ApplicationAsync(app => app.MapGet("/", () => "well"), listen => listen.UseHttps(certificate));

        Assert.Equal(HttpStatusCode.OK, (await ProbeAsync($"https://:{port}/")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ProbeAsync($"http://:{port}/")).StatusCode);
    }

    [Theory]
    [InlineData("", true, 200)]
    [InlineData("", false, 503)]
    [InlineData("unknown.Service", true, 503)]
    public async Task Grpc_TheHealthServiceDecides(string service, bool isWell, int expected)
    {
        var port = await ApplicationAsync(
            app => app.MapGrpcHealthChecksService(),
            listen => listen.Protocols = HttpProtocols.Http2,
            services =>
            {
                services.AddGrpc();
                services.Configure<HealthCheckPublisherOptions>(options => options.Delay = TimeSpan.Zero);
                services.AddGrpcHealthChecks(options => options.UseHealthChecksCache = false)
                    .AddCheck("check", () => isWell ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
            });

        Assert.Equal(expected, (int)(await ProbeAsync($"grpc://:{port}/{service}")).StatusCode);
    }

    [Fact]
    public async Task Tcp_AConnectionIsEnough()
    {
        using var listener = new LoopbackListener();
        Assert.Equal(HttpStatusCode.OK, (await ProbeAsync($"tcp://:{listener.Port}")).StatusCode);

        var port = listener.Port;
        listener.Dispose();
        foreach (var scheme in new[] { "tcp", "http", "https", "grpc" })
        {
            var answer = await ProbeAsync($"{scheme}://:{port}");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("Connection refused", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    [InlineData("https")]
    public async Task AnswerThatIsNone_IsAFailure(string scheme)
    {
        using var listener = new LoopbackListener();
        var probing = ProbeAsync($"{scheme}://:{listener.Port}");
        using var peer = await listener.AcceptAsync();
        await peer.SendAsync("SSH-2.0-OpenSSH\r\n");
        peer.Finish();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await probing).StatusCode);
    }

    [Fact]
    public async Task KubeletThatGivesUp_EndsTheProbe()
    {
        using var listener = new LoopbackListener();
        var health = await SidecarAsync($"http://:{listener.Port}/");
        using var giveUp = new CancellationTokenSource();
        var probing = Http.GetAsync(new Uri($"http://127.0.0.1:{health}/probes/app-readiness"), giveUp.Token);
        using var peer = await listener.AcceptAsync();
        Assert.Contains("GET / HTTP/1.1", await peer.ReadTextAsync(14), StringComparison.Ordinal);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probing);
        await peer.ReadUntilClosedAsync();
    }

    [Fact]
    public async Task UnknownProbe_NamesTheKnownOnes()
    {
        var health = await SidecarAsync("tcp://:1");
        var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{health}/probes/other"), Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("there is no probe 'other'; known are app-readiness\n", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private async Task<HttpResponseMessage> ProbeAsync(string target, HttpRequestMessage? request = null)
    {
        request ??= new HttpRequestMessage(HttpMethod.Get, "");
        request.RequestUri = new Uri($"http://127.0.0.1:{await SidecarAsync(target)}/probes/app-readiness");
        return await Http.SendAsync(request, Cancellation);
    }

    private async Task<int> SidecarAsync(string target)
    {
        var file = _folder.Write($"{_running.Count}.yaml", $"listeners: [{{listen: '127.0.0.1:0', target: '127.0.0.1:1'}}]\nhealth: {{hosts: [app.example.org]}}\nprobes: {{app-readiness: '{target}'}}\n");
        var sidecar = await RunningSidecar.StartAsync("--config", file);
        _running.Add(sidecar);
        return sidecar.MonitoringPorts[1];
    }

    private async Task<int> ApplicationAsync(Action<WebApplication> map, Action<ListenOptions>? listen = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options => listen?.Invoke(options)));
        services?.Invoke(builder.Services);
        var app = builder.Build();
        map(app);
        _running.Add(app);
        await app.StartAsync(Cancellation);
        return new Uri(app.Urls.Single()).Port;
    }
}
