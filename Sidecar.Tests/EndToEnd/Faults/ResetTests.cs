using System.Net.Sockets;
using Sidecar.Tests.Support;
using Sidecar.Transport.Epoll;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>Resets of either end in the middle of a relay: passed on as a reset, at once, and never mistaken for an end.</summary>
public sealed class ResetTests
{
    // asm-generic/errno.h
    private const int ConnectionReset = 104;

    private const int Hundreds = 200;

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

    // The kernel reports a reset once, to the first call: here mostly to a send of the sidecar.
    [Theory]
    [InlineData("epoll", true)]
    [InlineData("epoll", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task Reset_OfAnEndThatIsBeingSentTo_NeverLooksLikeAnEnd(string transport, bool byClient)
    {
        for (var round = 0; round < 20; round++)
        {
            await using var talk = await Talk.OpenAsync(transport);
            var (that, other) = talk.Ends(byClient);
            var sending = SendUntilItFailsAsync(other);
            await that.ReadAsync(1_000_000);

            that.Reset();

            // Behind an end it would be EPIPE.
            Assert.Equal(ConnectionReset, await sending.WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken));
            await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
        }
    }

    [Theory]
    [InlineData("epoll", true, true)]
    [InlineData("epoll", true, false)]
    [InlineData("epoll", false, true)]
    [InlineData("epoll", false, false)]
    [InlineData("sockets", true, true)]
    [InlineData("sockets", true, false)]
    [InlineData("sockets", false, true)]
    [InlineData("sockets", false, false)]
    public async Task Reset_AfterOneEndOfStream_ResetsWhoeverStillWaits(string transport, bool clientFinishes, bool clientResets)
    {
        await using var talk = await Talk.OpenAsync(transport);
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
    [InlineData("epoll", true)]
    [InlineData("epoll", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task Reset_OfTheEndThatTakesNothing_IsNoticedAtOnce(string transport, bool byClient)
    {
        await using var talk = await Talk.OpenAsync(transport);
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

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Resets_ByTheHundred_LeaveNoDescriptor(string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await StartedSidecar.StartAsync(service.Port, "--transport", transport);
        var before = KernelSockets.CountOf(sidecar.Id);
        for (var i = 0; i < Hundreds; i++)
        {
            using var client = await SocketTalk.ConnectAsync(sidecar.Port);
            var served = await service.AcceptAsync();
            await client.SendAsync("ping");
            Assert.Equal("ping", await served.ReadTextAsync(4));
            var (that, other) = i % 2 == 0 ? (client, served) : (served, client);
            that.Reset();
            await other.IsResetAsync();
        }

        var left = -1;
        await Eventually.TrueAsync(() => (left = KernelSockets.CountOf(sidecar.Id)) == before, () => $"{before} sockets before, {left} after");
        await Eventually.TrueAsync(() => sidecar.Records().Count == Hundreds);
        Assert.Equal(Hundreds / 2, sidecar.Records().Count(record => record.Reason == "client_reset"));
        Assert.Equal(Hundreds / 2, sidecar.Records().Count(record => record.Reason == "upstream_reset"));
    }

    // The one who asks: the framework's own send tries on behind a part that was taken, and keeps an error that it meets there to itself.
    private static async Task<int> SendUntilItFailsAsync(Socket socket)
    {
        socket.Blocking = false;
        for (var position = 0L; ;)
        {
            var (sent, error) = Send((int)socket.Handle, Pattern.At(position, 64 * 1024).Span);
            position += sent;
            if (error == Libc.WouldBlock)
                await Task.Delay(1, TestContext.Current.CancellationToken);
            else if (error != 0)
                return error;
        }
    }

    private static unsafe (int Sent, int Error) Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        nint sent;
        fixed (byte* start = bytes)
            sent = Libc.Send(descriptor, start, (nuint)bytes.Length, Libc.NoSignal);
        return sent < 0 ? (0, Libc.Error) : ((int)sent, 0);
    }

    // A peer that has read the end of the stream learns of the reset when it sends.
    private static async Task IsClosedForSendingAsync(Socket socket) => await Assert.ThrowsAsync<SocketException>(async () =>
    {
        for (var i = 0; i < 2000; i++)
        {
            await socket.SendAsync("x");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    });
}
