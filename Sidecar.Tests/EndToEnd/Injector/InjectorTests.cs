using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Processes;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Injector;

/// <summary>The webhook as a program, asked over TLS as the API server asks.</summary>
public sealed class InjectorTests : IAsyncLifetime
{
    private const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"sidecar.proxy/role":"inbound"}},"spec":{"containers":[{"name":"a","ports":[{"containerPort":9000}]}]}}""";

    // Its usual ports can be another test's.
    private static readonly string[] OnFreePorts = ["injector", "--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0"];

    private readonly TempFolder _folder = new();
    private ProgramProcess _injector = null!;
    private int _port;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        WriteCertificate("one.example");
        _injector = ProgramProcess.Start("Sidecar", [.. OnFreePorts, "--certificate", _folder.File("tls.crt"), "--key", _folder.File("tls.key"), "--image", "registry.example/sidecar:1"]);
        var line = await _injector.ErrorLineAsync("Admission reviews are answered on");
        _port = new Uri(line.Split("answered on ")[1].Split(' ')[0]).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _injector.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Review_GetsAPatch_AndIsCounted()
    {
        var (status, answer, subject) = await AskAsync(Review(Pod));

        Assert.Equal((HttpStatusCode.OK, "CN=one.example"), (status, subject));
        var patch = JsonNode.Parse(Convert.FromBase64String((string)JsonNode.Parse(answer)!["response"]!["patch"]!))!.AsArray();
        Assert.Contains(patch, operation => operation!["value"]?.ToJsonString().Contains("registry.example/sidecar:1", StringComparison.Ordinal) == true);
        Assert.Contains("sidecar_injection_duration_seconds_count{outcome=\"changed\"} 1", await OwnAsync("metrics", "/metrics"), StringComparison.Ordinal);
        Assert.Equal("ready\n", await OwnAsync("health", "/readyz"));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"apiVersion\":\"admission.k8s.io/v1beta1\"}")]
    public async Task Body_ThatIsNoReview_Is400(string body)
    {
        var (status, answer, _) = await AskAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("inject: ", answer, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(Review(Pod))).Status);
    }

    [Fact]
    public async Task Body_LargerThanAnyReview_IsRefused()
    {
        var (status, _, _) = await AskAsync(new string(' ', (4 * 1024 * 1024) + 1));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
    }

    [Fact]
    public async Task Certificate_ThatChanges_IsInForceWithoutARestart_AndAWrongOneIsNot()
    {
        WriteCertificate("two.example");
        await _injector.ErrorLineAsync("has changed and is in force");
        Assert.Equal("CN=two.example", (await AskAsync(Review(Pod))).Subject);

        _folder.Write("tls.crt", "no certificate");
        await _injector.ErrorLineAsync("the old one stays in force");

        Assert.Equal("CN=two.example", (await AskAsync(Review(Pod))).Subject);
    }

    [Fact]
    public async Task Plain_BytesOnTheTlsPort_EndOnlyTheirConnection()
    {
        using (var client = await SocketTalk.ConnectAsync(_port))
        {
            await client.SendAsync("POST /inject HTTP/1.1\r\n\r\n");
            await client.ReadUntilClosedAsync();
        }

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(Review(Pod))).Status);
    }

    [Fact]
    public async Task Sigterm_EndsIt()
    {
        _injector.Signal(ProcessSignal.Terminate);

        Assert.Equal(0, await _injector.ExitCodeAsync());
    }

    [Fact]
    public async Task Start_WithoutItsFiles_NamesThem()
    {
        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", [.. OnFreePorts, "--certificate", _folder.File("none"), "--key", _folder.File("tls.key")]);

        Assert.Equal(2, code);
        Assert.StartsWith($"Sidecar: --certificate '{_folder.File("none")}': ", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static string Review(string pod) =>
        $$$"""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"object":{{{pod}}}}}""";

    private async Task<(HttpStatusCode Status, string Answer, string? Subject)> AskAsync(string body)
    {
        string? subject = null;
#pragma warning disable MA0039 // The test looks which certificate it gets.
        using var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => (subject = certificate!.Subject) is not null },
            Expect100ContinueTimeout = TimeSpan.FromSeconds(30),
        };
#pragma warning restore MA0039
        using var client = new HttpClient(handler);
        // A body that is refused is not sent: else the refusal could be lost when its connection ends.
        client.DefaultRequestHeaders.ExpectContinue = true;
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var answer = await client.PostAsync(new Uri($"https://127.0.0.1:{_port}/inject?timeout=5s"), content, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation), subject);
    }

    private async Task<string> OwnAsync(string name, string path)
    {
        using var client = new HttpClient();
        var line = await _injector.ErrorLineAsync($"{name} on ");
        var port = line.Split($"{name} on ")[1].Split(',')[0].Split(':')[^1];
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}{path}"), Cancellation);
    }

    private void WriteCertificate(string name)
    {
        using var certificate = TestCertificate.Create(name);
        _folder.Write("tls.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        _folder.Write("tls.crt", certificate.ExportCertificatePem());
    }
}
