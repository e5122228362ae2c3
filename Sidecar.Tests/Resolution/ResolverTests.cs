using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Connections;
using Sidecar.Resolution;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Resolution;

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
    public async Task Resolve_ToldNamesOnWhichServersStaySilent_EndInTimeAndHoldFewThreads()
    {
        using var names = new Names();
        var resolver = Resolver(names.LookUp);
        var clients = Enumerable.Range(1, 20).Select(i => IPAddress.Parse($"192.0.2.{i}")).ToList();
        var waiters = Enumerable.Range(0, 200).Select(i => resolver.ResolveAsync(Slow(i), Limit, clients[i % clients.Count]).AsTask()).ToList();
        await Eventually.TrueAsync(() => names.Asked.Count == Sidecar.Resolution.Resolver.MaxTold);

        _time.Advance(Limit);
        Assert.All(await Task.WhenAll(waiters), outcome => Assert.Equal(RelayEndReason.ConnectTimeout, outcome.Failure));
        Assert.Equal(Sidecar.Resolution.Resolver.MaxTold, names.Asked.Count);

        names.Answer();
        Assert.Equal(Found, (await resolver.ResolveAsync(new HostPort("again.test", 80), Limit, clients[0])).Addresses);
    }

    [Fact]
    public async Task Resolve_OneClientsManySilentNames_LeavePlacesToOthers()
    {
        using var names = new Names();
        var resolver = Resolver(names.LookUp);
        var waiters = Enumerable.Range(0, 100).Select(i => resolver.ResolveAsync(Slow(i), Limit, IPAddress.Loopback).AsTask()).ToList();
        await Eventually.TrueAsync(() => names.Asked.Count == Sidecar.Resolution.Resolver.MaxOfClient);

        Assert.Equal(Found, (await resolver.ResolveAsync(new HostPort("quick.test", 80), Limit, IPAddress.Parse("192.0.2.1"))).Addresses);
        Assert.Equal(Sidecar.Resolution.Resolver.MaxOfClient + 1, names.Asked.Count);

        _time.Advance(Limit);
        await Task.WhenAll(waiters);
    }

    [Fact]
    public async Task Resolve_AConfiguredName_IsNotHeldUpByAHundredSilentToldOnes()
    {
        using var names = new Names();
        var resolver = Resolver(names.LookUp);
        var waiters = Enumerable.Range(0, 100).Select(i => resolver.ResolveAsync(Slow(i), Limit, IPAddress.Parse($"192.0.2.{i}")).AsTask()).ToList();
        await Eventually.TrueAsync(() => names.Asked.Count == Sidecar.Resolution.Resolver.MaxTold);

        // A told name that is a configured one, too, has not got its place.
        var told = resolver.ResolveAsync(new HostPort("oracle.test", 80), Limit, IPAddress.Loopback).AsTask();
        Assert.Equal(Found, (await resolver.ResolveAsync(new HostPort("oracle.test", 80), Limit)).Addresses);
        Assert.False(told.IsCompleted);

        _time.Advance(Limit);
        await Task.WhenAll([.. waiters, told]);
    }

    [Fact]
    public async Task Resolve_AConfiguredName_StaysKeptHoweverManyNamesClientsSend()
    {
        using var names = new Names();
        var resolver = Resolver(names.LookUp);
        await resolver.ResolveAsync(new HostPort("oracle.test", 80), Limit);

        for (var i = 0; i <= LookUps.MaxKept; i++)
            await resolver.ResolveAsync(new HostPort($"told{i}.test", 80), Limit, IPAddress.Loopback);

        await resolver.ResolveAsync(new HostPort("oracle.test", 80), Limit);
        Assert.Single(names.Asked, name => name == "oracle.test");
    }

    private static TimeSpan Limit => Stage.Timeouts.Connect;

    private static IPEndPoint[] Found => [IPEndPoint.Parse("127.0.0.1:80")];

    private static HostPort Slow(int number) => new($"slow{number}.test", 80);

    private Resolver Resolver(Func<string, IPAddress[]> lookUp) => new(_time, lookUp, NullLogger<Resolver>.Instance);

    /// <summary>A name service that is silent about slow names until it is told to answer.</summary>
    private sealed class Names : IDisposable
    {
        private readonly ManualResetEventSlim _silence = new();

        public ConcurrentQueue<string> Asked { get; } = [];

        public IPAddress[] LookUp(string name)
        {
            Asked.Enqueue(name);
            if (name.StartsWith("slow", StringComparison.Ordinal))
                _silence.Wait(TestContext.Current.CancellationToken);
            return [IPAddress.Loopback];
        }

        public void Answer() => _silence.Set();

        // Not disposed of: threads may wait for it.
        public void Dispose() => _silence.Set();
    }
}
