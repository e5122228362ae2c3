using System.Net.Sockets;
using Sidecar.Tests.Support.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>Resets of either end in the middle of a relay: passed on as a reset, at once, and never mistaken for an end.</summary>
public sealed class ResetTests
{
    [Theory]
    [InlineData("epoll", true)]
    [InlineData("epoll", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task Reset_OfAnEndThatIsSilent_ResetsTheOther(string transport, bool byClient)
    {
        await using var talk = await Talk.OpenAsync(transport);
        var (that, other) = talk.Ends(byClient);

        that.Reset();

        await other.IsResetAsync();
        await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
    }

    // The kernel tells of a reset once, to whoever asks first: here to a send, be it the sidecar's or the test's own.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reset_OfAnEndThatIsBeingSentTo_NeverLooksLikeAnEnd(bool byClient)
    {
        for (var round = 0; round < 20; round++)
        {
            await using var talk = await Talk.OpenAsync("epoll");
            var (that, other) = talk.Ends(byClient);
            var sending = SendUntilItFailsAsync(other);
            await that.ReadAsync(1_000_000);

            that.Reset();

            var (_, received) = await Pattern.ReadAsync(other);
            Assert.Contains(SocketError.ConnectionReset, new[] { received, await sending });
            await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Reset_AfterOneEndOfStream_ResetsWhoeverStillWaits(bool clientFinishes, bool clientResets)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        var (finishing, reading) = talk.Ends(clientFinishes);
        finishing.Finish();
        Assert.Empty(await reading.ReadToEndAsync());
        var (that, other) = talk.Ends(clientResets);

        that.Reset();

        if (clientFinishes == clientResets)
            await IsClosedForSendingAsync(other);
        else
            await other.IsResetAsync();
        await talk.Sidecar.EndsForAsync(clientResets ? "client_reset" : "upstream_reset");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reset_OfTheEndThatTakesNothing_IsNoticedAtOnce(bool byClient)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        var (stalled, sending) = talk.Ends(byClient);
        await talk.FillAsync(sending);

        stalled.Reset();

        await sending.IsResetAsync();
        await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reset_OfTheSenderWhileTheOtherEndTakesNothing_IsNoticedLongBeforeTheIdleLimit(bool byClient)
    {
        await using var talk = await Talk.OpenAsync("epoll");
        var (sending, stalled) = talk.Ends(byClient);
        await talk.FillAsync(sending);

        sending.Reset();

        // A second of silence is what the stalled end gets to take what came before; the idle limit is an hour.
        var record = await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
        Assert.True(record.DurationMs >= 990, $"{record}");
        await Pattern.ReadToResetAsync(stalled);
    }

    private static async Task<SocketError> SendUntilItFailsAsync(Socket socket)
    {
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            for (var position = 0L; ; position += 64 * 1024)
                await Pattern.SendAsync(socket, 64 * 1024, position);
        });
        return error.SocketErrorCode;
    }

    // Whoever has read the end of the stream learns of the reset when it sends.
    private static async Task IsClosedForSendingAsync(Socket socket) => await Assert.ThrowsAsync<SocketException>(async () =>
    {
        for (var i = 0; i < 2000; i++)
        {
            await socket.SendAsync("x");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    });
}
