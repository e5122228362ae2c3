using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>What was sent last counts as delivered only once the peer has acknowledged it.</summary>
public sealed class UnacknowledgedTests
{
    private const int Count = 2_500_000;

    [Theory]
    [InlineData("epoll", true)]
    [InlineData("epoll", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task LastBytes_ToAPeerThatHasClosed_MakeItAReset(string transport, bool clientCloses)
    {
        await using var talk = await Talk.OpenAsync(transport);
        var (closing, sending) = talk.Ends(clientCloses);
        closing.Close();
        Assert.Empty(await sending.ReadToEndAsync());

        // Both at once: no event tells of the reset before the end is read.
        await sending.SendAsync("bytes for nobody");
        sending.Finish();

        await talk.Sidecar.EndsForAsync(clientCloses ? "client_reset" : "upstream_reset");
    }

    // A FIN is no byte: a peer that has all bytes and then resets has taken all.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task End_WithoutBytes_ToAPeerThatHasClosed_Completes(string transport)
    {
        await using var talk = await Talk.OpenAsync(transport);
        talk.Served.Close();
        Assert.Empty(await talk.Client.ReadToEndAsync());

        talk.Client.Finish();

        await talk.Sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Answer_ThatTheClientReadsLate_CompletesOnceItHasIt(string transport)
    {
        await using var talk = await WithWaitingAnswerAsync(transport);
        // Longer than a peer may leave a reset waiting.
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.Equal("closing", await talk.StateAsync());

        Assert.Equal(Count, await Pattern.ReadToEndAsync(talk.Client));

        await talk.Sidecar.EndsForAsync("completed");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Answer_ThatTheClientNeverReads_EndsForTheHalfClosedLimit(string transport)
    {
        await using var talk = await WithWaitingAnswerAsync(transport, "--half-closed-timeout", "1s");

        var record = await talk.Sidecar.EndsForAsync("half_closed_timeout");

        Assert.Matches("^[1-9][0-9]+ bytes were not acknowledged$", record.Text("detail"));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Answer_ThatWaits_IsCutOverTheAdminPort(string transport)
    {
        await using var talk = await WithWaitingAnswerAsync(transport);
        var id = Assert.Single(await talk.Sidecar.Admin.ConnectionsAsync()).GetProperty("id").GetString();

        Assert.True((int)await talk.Sidecar.Admin.StatusAsync("DELETE", $"/connections/{id}") < 300);

        await talk.Sidecar.EndsForAsync("admin_closed");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Answer_ThatWaits_IsCutWhenTheDrainTimeIsOver(string transport)
    {
        await using var talk = await WithWaitingAnswerAsync(transport);

        await talk.Sidecar.StopAsync();

        // Its record may still be on its way to the file.
        Assert.Equal("draining", (await talk.Sidecar.RecordAsync()).Reason);
    }

    // The peer's packets are lost on their way, as when a machine is gone: those of a client at the one port, of a service at the other.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task LastBytes_ToAPeerThatIsGone_MakeItAReset(string transport)
    {
        RootTools.Require();
        await using var space = await NetworkNamespace.CreateAsync();
        await using var sidecar = space.Start(
            1337, "Sidecar", "45000", "127.0.0.1", "7000", "127.0.0.1", "alone", "--transport", transport,
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0");
        await sidecar.ErrorLineAsync("Serving admin");
        using var listener = space.Listen(7000);
        var (client, served) = await OpenAsync();
        var (sender, taker) = await OpenAsync();
        client.Finish();
        Assert.Empty(await served.ReadToEndAsync());
        taker.Finish();
        Assert.Empty(await sender.ReadToEndAsync());
        await space.RunAsync($"""
            iptables -A INPUT -p tcp --sport {((IPEndPoint)client.LocalEndPoint!).Port} --dport 45000 -j DROP
            iptables -A INPUT -p tcp --sport 7000 --dport {((IPEndPoint)taker.RemoteEndPoint!).Port} -j DROP
            """);

        await served.SendAsync("an answer");
        served.Finish();
        await sender.SendAsync("more than that");
        sender.Finish();

        await Eventually.TrueAsync(() => sidecar.Output.Count == 2, () => string.Join('\n', sidecar.Output), TimeSpan.FromSeconds(60));
        var records = sidecar.Output.Select(RecordedConnection.Parse).Select(r => (r.Reason, r.Text("detail"))).Order().ToList();
        Assert.Equal([("client_reset", "9 bytes were not acknowledged"), ("upstream_reset", "14 bytes were not acknowledged")], records);

        async Task<(Socket Client, Socket Served)> OpenAsync()
        {
            var connected = await space.ConnectAsync(IPAddress.Loopback, 45000, user: 1339);
            return (connected, await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit));
        }
    }

    // The client's window is full, and both sides have ended.
    private static async Task<Talk> WithWaitingAnswerAsync(string transport, params string[] options)
    {
        var talk = await Talk.OpenAsync(transport, options);
        (talk.Client.ReceiveBufferSize, talk.Served.ReceiveBufferSize) = (32 * 1024, 32 * 1024);
        talk.Client.Finish();
        Assert.Empty(await talk.Served.ReadToEndAsync());
        await Pattern.SendAsync(talk.Served, Count);
        talk.Served.Finish();
        if (options.Length == 0)
            await talk.Sidecar.Admin.ConnectionInAsync("closing");
        return talk;
    }
}
