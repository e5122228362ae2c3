using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Applications that know nothing of sidecars: they call a pod's address, and both sides' rules do the rest.</summary>
[Collection(PodPairs.Name)]
public sealed class PodPairTests : IAsyncLifetime
{
    private const int Port = 9000;
    private readonly PodPair _pods;
    private PodServer? _server;

    public PodPairTests(PodPair pods)
    {
        RootTools.Require();
        _pods = pods;
        _pods.ForgetRecords();
    }

    public ValueTask InitializeAsync()
    {
        _server = PodServer.Greeting(_pods.Server.Space.Listen(Port));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    [Theory]
    [InlineData("10.77.0.2", "10.77.0.2:9000", "[::ffff:127.0.0.6]:")]
    [InlineData("::ffff:10.77.0.2", "10.77.0.2:9000", "[::ffff:127.0.0.6]:")]
    [InlineData("fd00:77::2", "[fd00:77::2]:9000", "[::6:0:")]
    public async Task CallOfAnotherPod_PassesBothSidecars_AlsoWhenTheServerSpeaksFirst(string address, string destination, string source)
    {
        using var client = await _pods.Client.ConnectAsync(IPAddress.Parse(address), Port);

        await TalkAsync(client, source);

        await PassedAsync(_pods.Client, destination);
    }

    [Theory]
    [InlineData("10.77.0.2", "10.77.0.2:9000", "[::ffff:127.0.0.6]:")]
    [InlineData("::ffff:10.77.0.2", "10.77.0.2:9000", "[::ffff:127.0.0.6]:")]
    [InlineData("fd00:77::2", "[fd00:77::2]:9000", "[::6:0:")]
    public async Task CallOfThePodItself_PassesItsP1ThenItsP2(string address, string destination, string source)
    {
        using var client = await _pods.Server.ConnectAsync(IPAddress.Parse(address), Port);

        await TalkAsync(client, source);

        await PassedAsync(_pods.Server, destination);
    }

    [Theory]
    [InlineData("iptables", "10.77.0.99", "10.77.0.2", "[::ffff:127.0.0.6]:")]
    [InlineData("ip6tables", "fd00:77::99", "fd00:77::2", "[::6:0:")]
    public async Task CallOfAService_PassesBothSidecars(string iptables, string service, string pod, string source)
    {
        // As kube-proxy does on a node: behind p1 the Service's address and port become those of a pod.
        var rule = $"{iptables} -t nat -{{0}} OUTPUT -d {service} -p tcp --dport 80 -m owner --uid-owner {Pod.SidecarUser} -j DNAT --to-destination {new IPEndPoint(IPAddress.Parse(pod), Port)}";
        await _pods.Client.Space.RunAsync(string.Format(CultureInfo.InvariantCulture, rule, 'A'));
        try
        {
            using var client = await _pods.Client.ConnectAsync(IPAddress.Parse(service), 80);
            await TalkAsync(client, source);
        }
        finally
        {
            await _pods.Client.Space.RunAsync(string.Format(CultureInfo.InvariantCulture, rule, 'D'));
        }

        var called = new IPEndPoint(IPAddress.Parse(service), 80).ToString();
        var first = await _pods.Client.RecordAsync("out", r => r.Text("destination") == called);
        var second = await _pods.Server.RecordAsync("in", r => r.Id == first.Id);
        Assert.Equal(["completed", "completed"], [first.Reason, second.Reason]);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(pod), Port).ToString(), second.Text("destination"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    public async Task CallOfLocalhost_StaysLocal(string address)
    {
        using var client = await _pods.Server.ConnectAsync(IPAddress.Parse(address), Port);

        Assert.Equal(Pod.Shown(client.LocalEndPoint), await SeenAsync(client));
    }

    [Fact]
    public async Task TcpProbe_OfAClosedPort_FailsOnlyWhereThePortIsExcluded()
    {
        // As the kubelet, which no rules redirect.
        using (await _pods.Client.ConnectAsync(_pods.Server.V4, 9003, Pod.SidecarUser))
        using (await _pods.Client.ConnectAsync(_pods.Server.V6, 9003, Pod.SidecarUser))
        {
            // p2 has accepted.
        }

        await _pods.Server.SetRulesAsync("apply", "--exclude-inbound-ports", "9003");
        try
        {
            foreach (var address in new[] { _pods.Server.V4, _pods.Server.V6 })
                Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(() => _pods.Client.ConnectAsync(address, 9003, Pod.SidecarUser))).SocketErrorCode);
        }
        finally
        {
            await _pods.Server.SetRulesAsync("apply");
        }
    }

    [Fact]
    public async Task Upload_OfAGigabyte_ArrivesUnchanged()
    {
        const int blocks = 1024;
        await using var server = new PodServer(_pods.Server.Space.Listen(9002), async (socket, stop) =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var block = new byte[256 * 1024];
            int read;
            while ((read = await socket.ReceiveAsync(block, stop)) > 0)
                hash.AppendData(block, 0, read);
            await PodServer.SendAsync(socket, Convert.ToHexString(hash.GetHashAndReset()) + "\n", stop);
        });
        using var client = await _pods.Client.ConnectAsync(_pods.Server.V4, 9002);
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = RandomNumberGenerator.GetBytes(1024 * 1024);
        for (var i = 0; i < blocks; i++)
        {
            // No two blocks are the same, so that a lost or swapped one is seen.
            BitConverter.TryWriteBytes(block, i);
            sent.AppendData(block);
            await client.SendAllAsync(block);
        }

        client.Finish();

        Assert.Equal(Convert.ToHexString(sent.GetHashAndReset()), await client.ReadLineAsync());
        var record = await _pods.Server.RecordAsync("in", r => r.Text("upstream") == "10.77.0.2:9002");
        Assert.Equal("completed", record.Reason);
    }

    [Fact]
    public async Task Connections_AThousandAtOnce_AllPass()
    {
        const int count = 1000;
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => _pods.Client.ConnectAsync(_pods.Server.V4, Port)));
        try
        {
            // Every one is answered while all are open.
            Assert.All(await Task.WhenAll(clients.Select(c => c.ReadLineAsync())), line => Assert.StartsWith("220 ", line, StringComparison.Ordinal));
            var answers = await Task.WhenAll(clients.Select(async (client, i) =>
            {
                await client.SendAsync($"number {i:D4}");
                client.Finish();
                return System.Text.Encoding.ASCII.GetString(await client.ReadToEndAsync());
            }));

            Assert.Equal(Enumerable.Range(0, count).Select(i => $"number {i:D4}"), answers);
            await Eventually.TrueAsync(() => Firsts().Count() == count, () => $"all have a record at p1, not {Firsts().Count()}");
            var ids = Firsts().Select(r => r.Id).ToHashSet();
            IEnumerable<RecordedConnection> Seconds() => _pods.Server.AllRecords("in").Where(r => ids.Contains(r.Id));
            await Eventually.TrueAsync(
                () => Seconds().Count(r => r.Reason == "completed") == count,
                () => $"all are completed at p2: {string.Join(", ", Seconds().CountBy(r => r.Reason))}; one that is not: {Seconds().FirstOrDefault(r => r.Reason != "completed")}");
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }

        IEnumerable<RecordedConnection> Firsts() => _pods.Client.AllRecords("out").Where(r => r.Text("destination") == "10.77.0.2:9000");
    }

    [Fact]
    public async Task RulesReplacedOrFlushedInMidLife_KnownConnectionsKeepTheirDestination()
    {
        using var open = await _pods.Client.ConnectAsync(_pods.Server.V4, Port);
        await open.ReadLineAsync();
        // p2 asks for the original destination when it has been greeted: here, after the rules are gone.
        using var peer = await _pods.Client.ConnectAsync(_pods.Server.V4, Port, Pod.SidecarUser);
        try
        {
            foreach (var pod in new[] { _pods.Client, _pods.Server })
                await pod.SetRulesAsync("apply", "--exclude-inbound-ports", "1234");
            await open.SendAsync("replaced");
            Assert.Equal("replaced", await open.ReadTextAsync(8));
            foreach (var pod in new[] { _pods.Client, _pods.Server })
                await pod.Space.RunAsync("iptables -t nat -F; ip6tables -t nat -F");
            await peer.SendAsync("bonjour flushed\n");
            Assert.Equal("ok flushed", await peer.ReadLineAsync());
            await open.SendAsync("still here");
            Assert.Equal("still here", await open.ReadTextAsync(10));
            using var direct = await _pods.Client.ConnectAsync(_pods.Server.V4, Port);
            Assert.Equal(Pod.Shown(direct.LocalEndPoint), await SeenAsync(direct));
        }
        finally
        {
            await _pods.Client.SetRulesAsync("apply");
            await _pods.Server.SetRulesAsync("apply");
        }

        peer.Finish();
        Assert.Equal("10.77.0.2:9000", (await _pods.Server.RecordAsync("in", r => r.Id == "flushed")).Text("upstream"));
        open.Finish();
        await PassedAsync(_pods.Client, "10.77.0.2:9000");
    }

    /// <summary>Who the server says has connected.</summary>
    private static async Task<string> SeenAsync(Socket client) => Pod.Shown(IPEndPoint.Parse((await client.ReadLineAsync()).TrimEnd('\r')[4..]));

    private static async Task TalkAsync(Socket client, string source)
    {
        Assert.StartsWith($"220 {source}", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.SendAsync("hello");
        client.Finish();
        Assert.Equal("hello", System.Text.Encoding.ASCII.GetString(await client.ReadToEndAsync()));
    }

    /// <summary>The connection has one record at the caller's p1 and one at the server's p2, and no third hop.</summary>
    private async Task PassedAsync(Pod caller, string destination)
    {
        // Not by the client's port, which the kernel may have changed on the way to p1.
        var first = await caller.RecordAsync("out", r => r.Text("destination") == destination);
        var second = await _pods.Server.RecordAsync("in", r => r.Id == first.Id);
        Assert.Equal(["completed", "completed"], [first.Reason, second.Reason]);
        Assert.All<string?>([first.Text("destination"), first.Text("upstream"), second.Text("upstream")], text => Assert.Equal(destination, text));
        Assert.Single(_pods.Server.AllRecords("in"), r => r.Id == first.Id);
    }
}
