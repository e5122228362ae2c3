using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Relay;
using Sidecar.Tests.Support;
using Sidecar.Upstream;
using Xunit;

namespace Sidecar.Tests.Upstream;

public sealed class ResolverTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Resolve_Literal_AsksNobody()
    {
        var outcome = await Resolver(_ => throw new InvalidOperationException("asked")).ResolveAsync(new HostPort("::ffff:192.0.2.1", 80), Stage.Timeouts.Connect);
        Assert.Equal([IPEndPoint.Parse("192.0.2.1:80")], outcome.Addresses);
    }

    [Fact]
    public async Task Resolve_NameWithManyAddresses_KeepsABoundedNumberOnce()
    {
        var many = Enumerable.Range(0, 300).Select(i => new IPAddress([10, 0, (byte)(i / 20), 1]));
        var outcome = await Resolver(_ => [.. many]).ResolveAsync(new HostPort("many.test", 80), Stage.Timeouts.Connect);
        Assert.Single(outcome.Addresses);
    }

    [Fact]
    public async Task Resolve_UnknownName_IsAFailedConnect()
    {
        var outcome = await Resolver(_ => throw new SocketException((int)SocketError.HostNotFound)).ResolveAsync(new HostPort("nowhere.test", 80), Stage.Timeouts.Connect);
        Assert.Equal(RelayEndReason.ConnectFailed, outcome.Failure);
        Assert.Contains("nowhere.test", outcome.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resolve_Name_TellsWhatIsLeftForConnecting()
    {
        var outcome = await Resolver(_ =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return [IPAddress.Loopback];
        }).ResolveAsync(new HostPort("slow.test", 80), Stage.Timeouts.Connect);
        Assert.Equal(TimeSpan.FromSeconds(1), outcome.Took);
    }

    [Fact]
    public async Task Resolve_NameServersThatStaySilent_EndInTimeForEveryWaiterAndHoldFewThreads()
    {
        using var silence = new ManualResetEventSlim();
        var asked = 0;
        var resolver = Resolver(_ =>
        {
            Interlocked.Increment(ref asked);
            silence.Wait(TestContext.Current.CancellationToken);
            return [IPAddress.Loopback];
        });
        var waiters = Enumerable.Range(0, 100).Select(i => resolver.ResolveAsync(new HostPort($"slow{i}.test", 80), Stage.Timeouts.Connect).AsTask()).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) == 16);

        _time.Advance(Stage.Timeouts.Connect);
        Assert.All(await Task.WhenAll(waiters), outcome => Assert.Equal(RelayEndReason.ConnectTimeout, outcome.Failure));
        Assert.Equal(16, asked);

        silence.Set();
        Assert.Equal([IPEndPoint.Parse("127.0.0.1:80")], (await resolver.ResolveAsync(new HostPort("again.test", 80), Stage.Timeouts.Connect)).Addresses);
    }

    private Resolver Resolver(Func<string, IPAddress[]> lookUp) => new(_time, lookUp);
}
