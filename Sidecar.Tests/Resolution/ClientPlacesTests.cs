using System.Net;
using Sidecar.Resolution;
using Xunit;

namespace Sidecar.Tests.Resolution;

public sealed class ClientPlacesTests
{
    private static readonly IPAddress Greedy = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Modest = IPAddress.Parse("192.0.2.2");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_OneClientsMany_LeaveRoomForAnother()
    {
        var places = new ClientPlaces(all: 3, each: 2);
        var greedy = Enumerable.Range(0, 10).Select(_ => places.TakeAsync(Greedy, Cancel).AsTask()).ToList();
        Assert.Equal(2, greedy.Count(t => t.IsCompletedSuccessfully));

        var modest = places.TakeAsync(Modest, Cancel).AsTask();

        Assert.True(modest.IsCompletedSuccessfully);
        Assert.Equal(2, places.Clients);
        (await modest).Dispose();
        // The others get their turns too.
        foreach (var taken in greedy)
            (await taken).Dispose();
        Assert.Equal(0, places.Clients);
    }

    [Fact]
    public async Task Take_WhenAllAreTaken_WaitsForOne()
    {
        var places = new ClientPlaces(all: 1, each: 1);
        var first = await places.TakeAsync(Greedy, Cancel);
        var second = places.TakeAsync(Modest, Cancel).AsTask();
        Assert.False(second.IsCompleted);

        first.Dispose();

        (await second).Dispose();
        Assert.Equal(0, places.Clients);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public async Task Take_ThatIsGivenUp_TakesNothing(int all, int each)
    {
        var places = new ClientPlaces(all, each);
        using var end = new CancellationTokenSource();
        var first = await places.TakeAsync(Greedy, Cancel);
        var givenUp = places.TakeAsync(Greedy, end.Token).AsTask();

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        first.Dispose();

        Assert.Equal(0, places.Clients);
        (await places.TakeAsync(Greedy, Cancel)).Dispose();
    }
}
