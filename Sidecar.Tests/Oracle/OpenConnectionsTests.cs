using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Serving;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class OpenConnectionsTests
{
    private readonly OpenConnections _connections = new(6);

    [Fact]
    public void Enter_WithRoom_DisplacesNobody()
    {
        for (var i = 0; i < 6; i++)
            Assert.Null(Enter(1).Displaced);
        var first = Enter(1).Entered;
        _connections.Leave(first);
        Assert.Null(Enter(1).Displaced);
    }

    [Fact]
    public void Enter_BelowItsShare_TakesThePlaceOfTheLongestIdleOfTheAddressWithTheMost()
    {
        var small = Enter(1).Entered;
        var crowd = Enumerable.Range(0, 5).Select(_ => Enter(2).Entered).ToList();
        _connections.NoteQuestion(crowd[0]);
        // Three addresses: two places each.
        Assert.Same(crowd[1], Enter(3).Displaced);
        Assert.Same(crowd[2], Enter(3).Displaced);
        Assert.Same(crowd[3], Enter(1).Displaced);
        Assert.All(new[] { small, crowd[0], crowd[4] }, stayed => Assert.False(stayed.IsDisplaced));
        Assert.True(crowd[1].IsDisplaced);
    }

    [Fact]
    public void Enter_WithItsShare_TakesThePlaceOfItsOwnLongestIdle()
    {
        var own = Enumerable.Range(0, 3).Select(_ => Enter(1).Entered).ToList();
        var others = Enumerable.Range(0, 3).Select(_ => Enter(2).Entered).ToList();
        _connections.NoteQuestion(own[0]);
        Assert.Same(own[1], Enter(1).Displaced);
        Assert.Same(own[2], Enter(1).Displaced);
        Assert.Same(own[0], Enter(1).Displaced);
        Assert.DoesNotContain(others, other => other.IsDisplaced);
    }

    [Fact]
    public void Displaced_ThatAsksOrLeaves_HasNoPlaceToGiveBack()
    {
        var first = Enter(1).Entered;
        for (var i = 0; i < 5; i++)
            Enter(1);
        Assert.Same(first, Enter(1).Displaced);
        _connections.NoteQuestion(first);
        _connections.Leave(first);
        // Still full.
        Assert.NotNull(Enter(2).Displaced);
    }

    [Fact]
    public void Enter_OfMoreAddressesThanPlaces_AlwaysEnters()
    {
        for (byte address = 1; address < 200; address++)
            Assert.Equal(address > 6, Enter(address).Displaced is not null);
    }

    private (OpenConnection Entered, OpenConnection? Displaced) Enter(byte address) =>
        (_connections.Enter(new DefaultConnectionContext(), new IPAddress([10, 0, 0, address]), out var displaced), displaced);
}
