using System.Diagnostics;
using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.Load;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>
/// What an end has sent before it resets or closes arrives, however slowly the other takes it. A reader that the machine
/// leaves waiting for a second would lose its right to it, hence not beside other tests.
/// </summary>
[Collection(HeavyLoad.Name)]
public sealed class LastBytesTests
{
    private const int Count = 2_500_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_BeforeAReset_ArriveBeforeTheReset(bool byClient)
    {
        await using var talk = await OpenAsync();
        var (sending, reading) = talk.Ends(byClient);
        await SendAsync(sending);
        sending.Reset();

        Assert.Equal(Count, await Pattern.ReadToResetAsync(reading, PauseAsync));

        var record = await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
        var (received, sent) = byClient ? ("downstream_received", "upstream_sent") : ("upstream_received", "downstream_sent");
        Assert.Equal((Count + 4, Count + 4), (record.Number(received), record.Number(sent)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_BeforeAReset_ArriveThoughTheReaderGoesOnSending(bool byClient)
    {
        await using var talk = await OpenAsync();
        var (sending, reading) = talk.Ends(byClient);
        await talk.FillAsync(reading);
        await SendAsync(sending);
        sending.Reset();

        Assert.Equal(Count, (await ReadAndSendAsync(reading)).Count);

        await talk.Sidecar.EndsForAsync(byClient ? "client_reset" : "upstream_reset");
    }

    // The kernel takes more for the reader only once it has read a third of what is there: seconds, at this pace.
    [Fact]
    public async Task Bytes_BeforeAReset_ArriveAtAReaderThatIsSlowForSeconds()
    {
        await using var talk = await OpenAsync();
        var count = await talk.SendUntilHeldAsync(talk.Client);
        talk.Client.Reset();
        var started = Stopwatch.GetTimestamp();

        Assert.Equal(count, await Pattern.ReadToResetAsync(
            talk.Served, () => Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3) ? Task.Delay(40, TestContext.Current.CancellationToken) : PauseAsync()));

        await talk.Sidecar.EndsForAsync("client_reset");
    }

    // The client has no use for the answer; its upload was whole.
    [Fact]
    public async Task Upload_OfAClientThatIsResetBehindItsEnd_Arrives()
    {
        await using var talk = await OpenAsync();
        await SendAsync(talk.Client);
        talk.Client.Finish();
        await Eventually.TrueAsync(async () => await talk.StateAsync() == "half_closed");
        talk.Client.Reset();

        Assert.Equal(Count, (await Pattern.ReadAsync(talk.Served, PauseAsync)).Count);

        var record = await talk.Sidecar.EndsForAsync("client_reset");
        Assert.Equal(Count + 4, record.Number("upstream_sent"));
    }

    // The same, before the sidecar could read up to the end.
    [Fact]
    public async Task Upload_OfAClientThatIsResetBehindAnEndStillToBeRead_Arrives()
    {
        await using var talk = await OpenAsync();
        var count = await talk.SendUntilHeldAsync(talk.Client);
        talk.Client.Finish();
        await Talk.AllHasArrivedAsync(talk.Client);
        talk.Client.Reset();

        Assert.Equal(count, (await Pattern.ReadAsync(talk.Served, PauseAsync)).Count);

        var record = await talk.Sidecar.EndsForAsync("client_reset");
        Assert.Equal(count + 4, record.Number("upstream_sent"));
    }

    // As with a server that refuses a body (413): what it has not read of the upload makes a reset of its close.
    [Fact]
    public async Task Answer_OfAServerThatCloses_ArrivesThoughTheClientGoesOnUploading()
    {
        await using var talk = await OpenAsync();
        await talk.FillAsync(talk.Client);
        await SendAsync(talk.Served);
        talk.Served.Finish();
        talk.Served.Close();

        Assert.Equal((Count, SocketError.Success), await ReadAndSendAsync(talk.Client));

        await talk.Sidecar.EndsForAsync("upstream_reset");
    }

    // The server has read all that had come; only what the client sends later is refused.
    [Fact]
    public async Task Answer_OfAServerThatClosesInOrder_ArrivesThoughTheClientGoesOnSending()
    {
        await using var talk = await OpenAsync();
        await SendAsync(talk.Served);
        talk.Served.Close();

        Assert.Equal((Count, SocketError.Success), await ReadAndSendAsync(talk.Client));

        await talk.Sidecar.EndsForAsync("upstream_reset");
    }

    private static async Task<Talk> OpenAsync()
    {
        var talk = await Talk.OpenAsync("epoll");
        // Most of what is sent has to wait in the sidecar's kernel, where a hasty close would drop it.
        (talk.Client.ReceiveBufferSize, talk.Served.ReceiveBufferSize) = (32 * 1024, 32 * 1024);
        return talk;
    }

    private static async Task SendAsync(Socket socket)
    {
        await Pattern.SendAsync(socket, Count);
        await Talk.AllHasArrivedAsync(socket);
    }

    private static async Task<(long Count, SocketError Error)> ReadAndSendAsync(Socket socket)
    {
        socket.Blocking = false;
        var isReset = false;
        var (count, error) = await Pattern.ReadAsync(socket, () =>
        {
            // Whether it is taken, has no room or fails makes no difference to what is to be read; but the kernel tells of a reset once.
            socket.Send("more"u8, SocketFlags.None, out var failure);
            isReset |= failure == SocketError.ConnectionReset;
            return PauseAsync();
        });
        return (count, isReset ? SocketError.ConnectionReset : error);
    }

    // All in all longer than the second that a reader which takes nothing would get.
    private static Task PauseAsync() => Task.Delay(4, TestContext.Current.CancellationToken);
}
