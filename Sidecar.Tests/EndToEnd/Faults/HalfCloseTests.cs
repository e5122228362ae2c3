using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>Each direction ends on its own while the other is in full flow. Kestrel's own transport cannot do it; both of ours must.</summary>
public sealed class HalfCloseTests
{
    // More than the kernel's buffers of two connections hold (net.ipv4.tcp_rmem, tcp_wmem: 32 + 4 MB).
    private const long Count = 64_000_000;

    [Theory]
    [InlineData("epoll", true)]
    [InlineData("epoll", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task End_OfOneDirection_ComesWhileTheOtherFlows(string transport, bool clientFinishes)
    {
        await using var talk = await Talk.OpenAsync(transport);
        var (finishing, sending) = talk.Ends(clientFinishes);
        var flow = Pattern.SendAsync(sending, Count);

        finishing.Finish();

        // The end does not wait for the flow: nobody has read a byte of that yet.
        Assert.Empty(await sending.ReadToEndAsync());
        Assert.False(flow.IsCompleted);
        var arriving = Pattern.ReadToEndAsync(finishing);
        await flow;
        sending.Finish();
        Assert.Equal(Count, await arriving);
        await talk.Sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Ends_OfBothDirectionsAtOnce_Complete(string transport)
    {
        await using var talk = await Talk.OpenAsync(transport);

        talk.Client.Finish();
        talk.Served.Finish();

        Assert.Empty(await talk.Client.ReadToEndAsync());
        Assert.Empty(await talk.Served.ReadToEndAsync());
        await talk.Sidecar.EndsForAsync("completed");
    }

    [Fact]
    public async Task Bytes_OfAHalfClosedConnection_KeepItsLimitAway()
    {
        await using var talk = await Talk.OpenAsync("epoll", "--half-closed-timeout", "3s");
        talk.Client.Finish();
        Assert.Empty(await talk.Served.ReadToEndAsync());

        var started = TimeProvider.System.GetTimestamp();
        var count = 0L;
        for (; TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(4); count += 100)
        {
            await Pattern.SendAsync(talk.Served, 100, count);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        talk.Served.Finish();
        Assert.Equal(count, await Pattern.ReadToEndAsync(talk.Client));
        await talk.Sidecar.EndsForAsync("completed");
    }
}
