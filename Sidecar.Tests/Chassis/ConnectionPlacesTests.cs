using System.Net;
using Chassis.Net;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class ConnectionPlacesTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _gone = [];

    [Fact]
    public void Enter_WhenFull_TakesThePlaceOfTheLongestIdle()
    {
        var places = new ConnectionPlaces(2, _time);
        var first = Enter(places, "10.0.0.1", "first");
        Enter(places, "10.0.0.1", "second");
        _time.Advance(TimeSpan.FromSeconds(1));
        first!.BeginService();
        first.EndService();

        Assert.NotNull(Enter(places, "10.0.0.1", "third"));

        Assert.Equal(["second"], _gone);
        Assert.Equal(2, places.Taken);
    }

    [Fact]
    public void Enter_WhenOneAddressHoldsNearlyAll_LeavesTheOthersAlone()
    {
        var places = new ConnectionPlaces(8, _time);
        Enter(places, "10.0.0.1", "quiet");
        for (var i = 0; i < 100; i++)
            Enter(places, "10.0.0.2", "flood");

        Assert.Equal(93, _gone.Count);
        Assert.DoesNotContain("quiet", _gone);
    }

    [Fact]
    public void Enter_OfAManyAddressedIpv6Network_CountsAsOneAsker()
    {
        var places = new ConnectionPlaces(8, _time);
        Enter(places, "2001:db8:0:1::1", "quiet");
        for (var i = 0; i < 100; i++)
            Enter(places, $"2001:db8:0:2::{i:x}", "flood");

        Assert.DoesNotContain("quiet", _gone);
    }

    [Fact]
    public void Enter_OfAMappedAddress_CountsAsTheIpv4One()
    {
        var places = new ConnectionPlaces(2, _time);
        Enter(places, "::ffff:10.0.0.1", "mapped");
        Enter(places, "10.0.0.2", "other");

        Enter(places, "10.0.0.1", "plain");

        Assert.Equal(["mapped"], _gone);
    }

    [Fact]
    public void Enter_OfUnixSocketClients_CountsThemAsOne()
    {
        var places = new ConnectionPlaces(2, _time);
        Assert.NotNull(places.Enter(null, () => _gone.Add("first")));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(places.Enter(null, () => _gone.Add("second")));

        Assert.NotNull(places.Enter(null, () => _gone.Add("third")));

        Assert.Equal(["first"], _gone);
    }

    [Fact]
    public void Enter_WhenAllOfAnAddressAreServed_IsRefusedForItAndNotForOthers()
    {
        var places = new ConnectionPlaces(2, _time);
        Enter(places, "10.0.0.1", "first")!.BeginService();
        Enter(places, "10.0.0.1", "second")!.BeginService();

        Assert.Null(Enter(places, "10.0.0.1", "third"));
        Assert.NotNull(Enter(places, "10.0.0.2", "other"));

        Assert.Equal(["first"], _gone);
    }

    [Fact]
    public void Enter_WhenOnlyOneIsIdle_TakesItsPlaceBeforeAServedOne()
    {
        var places = new ConnectionPlaces(3, _time);
        Enter(places, "10.0.0.1", "served")!.BeginService();
        Enter(places, "10.0.0.1", "idle");
        Enter(places, "10.0.0.2", "other");

        Enter(places, "10.0.0.1", "newcomer");

        Assert.Equal(["idle"], _gone);
    }

    [Fact]
    public void Enter_OfAnAddressWithMostPlaces_TakesNoneOfAnotherThatIsIdle()
    {
        var places = new ConnectionPlaces(3, _time);
        Enter(places, "10.0.0.2", "other");
        Enter(places, "10.0.0.1", "first")!.BeginService();
        Enter(places, "10.0.0.1", "second")!.BeginService();

        Assert.Null(Enter(places, "10.0.0.1", "newcomer"));
        Assert.Empty(_gone);
    }

    [Fact]
    public void Dispose_OfOneThatHadToGo_FreesNoSecondPlace()
    {
        var places = new ConnectionPlaces(1, _time);
        var first = Enter(places, "10.0.0.1", "first");
        var second = Enter(places, "10.0.0.1", "second");

        first!.Dispose();
        Assert.Equal(1, places.Taken);

        second!.Dispose();
        second.Dispose();
        Assert.Equal(0, places.Taken);
    }

    [Fact]
    public async Task Enter_OfManyThreads_NeverHasMoreThanTheLimit()
    {
        var places = new ConnectionPlaces(2, TimeProvider.System);
        var open = 0;
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++)
            {
                using var place = places.Enter(new IPEndPoint(thread, 1), () => { });
                most = Math.Max(most, places.Taken);
                place?.BeginService();
                place?.EndService();
                Interlocked.Increment(ref open);
            }
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(20_000, open);
        Assert.InRange(most, 1, 2);
        Assert.Equal(0, places.Taken);
    }

    // Each a second after the one before.
    private ConnectionPlace? Enter(ConnectionPlaces places, string address, string name)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return places.Enter(new IPEndPoint(IPAddress.Parse(address), 1), () => _gone.Add(name));
    }
}
