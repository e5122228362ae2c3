using System.Collections.Concurrent;
using System.Net.Sockets;
using Demo.Transparent;
using Demo.Verification;
using Processes;
using Sidecar.Tests.Interception;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.PodLife;

/// <summary>
/// SIGTERM to a pod without any hook: its sidecar has clients from outside and an application that goes on, and the delay of the manifests.
/// </summary>
[SystemTest]
public sealed class SignalUnderLoadTests
{
    private const int Port = 9000;

    private const string Config = """
        drain-delay: 5s
        listeners:
          - {name: out, listen: "[::]:45000", role: outbound, routes: [{destination: "*", action: plain}]}
          - {name: in, listen: "[::]:45001", role: inbound, peers: permissive}
        """;

    // How long a load balancer goes on after a pod was not ready: less than the delay.
    private static readonly TimeSpan News = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pod_UnderLoadOfBothDirections_FailsNoRequest()
    {
        RootTools.Require();
        await using var node = await PodNode.CreateAsync();
        var pod = await node.StartPodAsync(1, Config);
        await using var application = PodServer.Web(pod.Space.Listen(Port), "application");
        await using var other = PodServer.Web(node.Space.Listen(Port), "other");
        await using var incoming = new Requests(node.Space, new Uri($"http://{pod.V4}:{Port}/"));
        await using var outgoing = new Requests(pod.Space, new Uri($"http://{PodNode.V4}:{Port}/"));
        await Eventually.TrueAsync(() => incoming.Answered > 50 && outgoing.Answered > 50);
        var balancer = BalanceAsync(node, pod, incoming);

        pod.Process.Signal(ProcessSignal.Terminate);

        await Eventually.TrueAsync(async () => (await pod.MetricsAsync()).Sum("sidecar_draining") == 1);
        // Clients have come after the pod was not ready.
        Assert.InRange(await balancer, 20, int.MaxValue);
        await Eventually.TrueAsync(async () => await pod.Space.RunAsync("ss -Hlnt 'sport = :45001'") == "", "the inbound listener closes");
        Assert.Equal(
            SocketError.ConnectionRefused,
            (await Assert.ThrowsAsync<SocketException>(() => node.Space.ConnectAsync(pod.V4, Port, Pod.AppUser))).SocketErrorCode);
        // The application ends later than that; the load balancer's part is over.
        var before = outgoing.Answered;
        await Eventually.TrueAsync(() => outgoing.Answered > before + 20);
        Assert.Equal(1, (await pod.MetricsAsync()).Sum("sidecar_draining"));
        await outgoing.EndAsync();
        Assert.Equal(0, await pod.Process.ExitCodeAsync());
        Assert.Empty(incoming.Failures);
        Assert.Empty(outgoing.Failures);
        foreach (var listener in new[] { "in", "out" })
            Assert.Equal(["completed"], pod.AllRecords(listener).Select(r => r.Reason).Distinct());
    }

    // As kube-proxy: it hears that the pod is not ready some time later, and sends no new connection from then on.
    private static async Task<int> BalanceAsync(PodNode node, Pod pod, Requests incoming)
    {
        using var web = new NamespaceSockets(node.Space.Name).Fetcher();
        while (await web.IsOkAsync(new Uri($"http://{pod.V4}:15021/readyz"), Cancellation))
            await Task.Delay(20, Cancellation);
        var before = incoming.Answered;
        await Task.Delay(News, Cancellation);
        await incoming.EndAsync();
        return incoming.Answered - before;
    }

    /// <summary>Clients that ask one request after the other, each with a connection of its own.</summary>
    private sealed class Requests : IAsyncDisposable
    {
        private const int Clients = 4;

        private readonly NamespaceSockets _sockets;
        private readonly Uri _url;
        private readonly ConcurrentQueue<string> _failures = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _clients;
        private int _answered;

        public Requests(NetworkNamespace space, Uri url)
        {
            (_sockets, _url) = (new NamespaceSockets(space.Name), url);
            _clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(AskAsync, CancellationToken.None)));
        }

        public int Answered => Volatile.Read(ref _answered);

        public IReadOnlyCollection<string> Failures => _failures;

        /// <summary>Returns when the last request has its answer.</summary>
        public async Task EndAsync()
        {
            await _stop.CancelAsync();
            await _clients;
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _stop.Dispose();
        }

        private async Task AskAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                using var web = _sockets.Fetcher();
                var findings = new Findings();
                if (await web.GetAsync(_url, findings, CancellationToken.None) is not null)
                    Interlocked.Increment(ref _answered);
                foreach (var failure in findings.Failures)
                    _failures.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {failure}");
                await Task.Delay(5, CancellationToken.None);
            }
        }
    }
}
