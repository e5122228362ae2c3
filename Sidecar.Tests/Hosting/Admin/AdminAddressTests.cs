using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting.Admin;

public sealed class AdminAddressTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Admin_OnAUnixSocket_AnswersThereAndLeavesNoFile(string transport)
    {
        var path = _folder.File("admin.sock");
        await using (await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--transport", transport, "--admin-address", $"unix:{path}"))
        {
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using var http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancel) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            Assert.StartsWith("[{", await http.GetStringAsync(new Uri("http://localhost/listeners"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
            using var foreign = await http.GetAsync(new Uri("http://evil.test/listeners"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Admin_Off_IsServedNowhere()
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--admin-address", "off");

        foreach (var port in sidecar.MonitoringPorts)
            Assert.Equal(HttpStatusCode.NotFound, await RunningSidecar.StatusAsync(port, "/listeners"));
    }

    [Fact]
    public async Task MetricsAndHealth_ForTheNameOfAWebPage_AreNotServed()
    {
        await using var sidecar = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--metrics-hosts", "*.example.org");
        var paths = sidecar.MonitoringPorts.Zip(["/metrics", "/readyz"]).ToList();

        foreach (var (port, path) in paths)
        {
            Assert.Equal(HttpStatusCode.OK, await RunningSidecar.StatusAsync(port, path));
            Assert.Equal(HttpStatusCode.OK, await RunningSidecar.StatusAsync(port, path, "sidecar.default.svc"));
            Assert.Equal(HttpStatusCode.Forbidden, await RunningSidecar.StatusAsync(port, path, "evil.test"));
            Assert.Equal(HttpStatusCode.Forbidden, await RunningSidecar.StatusAsync(port, path, null, ("Origin", "http://evil.test")));
        }

        Assert.Equal(HttpStatusCode.OK, await RunningSidecar.StatusAsync(paths[0].First, "/metrics", "a.example.org"));
        Assert.Equal(HttpStatusCode.Forbidden, await RunningSidecar.StatusAsync(paths[1].First, "/readyz", "a.example.org"));
    }
}
