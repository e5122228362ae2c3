using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.Handshakes.Names;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Routes by the name that an intercepted client sends, with real rules. Whatever it sends reaches the service unchanged.</summary>
[Collection(NamePodsShared.Name)]
public sealed class NameRouteTests
{
    private readonly NamePods _pods;

    public NameRouteTests(NamePods pods)
    {
        RootTools.Require();
        _pods = pods;
        _pods.Client.ForgetRecords();
        _pods.Server.ForgetRecords();
    }

    [Theory]
    [InlineData("TLS sidecar.test", NamePods.Named, "greeted", "sidecar.test")]
    [InlineData("TLS other.test", NamePods.Named, "plain", "other.test")]
    [InlineData("TLS ", NamePods.Named, "plain", null)]
    [InlineData("TLS sidecar.test", NamePods.Nameless, "plain", null)]
    [InlineData("GET / HTTP/1.1\r\nHost: Sidecar.TEST:9200\r\n\r\n", NamePods.Named, "greeted", "sidecar.test")]
    [InlineData("GET http://sidecar.test./ HTTP/1.1\r\nHost: other.test\r\n\r\n", NamePods.Named, "greeted", "sidecar.test")]
    [InlineData("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n", NamePods.Named, "plain", "other.test")]
    [InlineData("GET / HTTP/1.1\r\nHost: sidecar.test\r\nHost: sidecar.test\r\n\r\n", NamePods.Named, "plain", null)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NamePods.Named, "plain", null)]
    [InlineData("EHLO sidecar.test\r\n", NamePods.Named, "plain", null)]
    public async Task Client_TakesTheRouteOfItsName(string sent, int port, string session, string? name)
    {
        var bytes = sent.StartsWith("TLS ", StringComparison.Ordinal) ? await HelloBytes.OfSslStreamAsync(sent[4..]) : Encoding.ASCII.GetBytes(sent);
        foreach (var six in new[] { false, true })
        {
            _pods.Client.ForgetRecords();
            using var listener = _pods.Server.Space.Listen(port);
            using var client = await ConnectAsync(port, six);
            await client.SendAllAsync(bytes);
            using var service = await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);

            Assert.Equal(bytes, await service.ReadAsync(bytes.Length));
            await service.SendAsync("answer");
            service.Finish();
            client.Finish();
            Assert.Equal("answer", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
            var record = await _pods.Client.RecordAsync("out", _ => true);
            Assert.Equal(("completed", session, name), (record.Reason, record.Text("session"), record.Text("name")));
            Assert.Equal(session == "greeted" ? "not" : "idt", record.Text("transform"));
        }
    }

    [Theory]
    [InlineData("TLS denied.test", "denied.test")]
    [InlineData("TLS a.b.denied.test", "a.b.denied.test")]
    [InlineData("GET / HTTP/1.1\r\nHost: DENIED.test.\r\n\r\n", "denied.test")]
    public async Task Client_WhoseNameIsDenied_IsReset(string sent, string name)
    {
        using var listener = _pods.Server.Space.Listen(NamePods.Named);
        using var client = await ConnectAsync(NamePods.Named, six: false);
        await client.SendAllAsync(sent.StartsWith("TLS ", StringComparison.Ordinal) ? await HelloBytes.OfSslStreamAsync(sent[4..]) : Encoding.ASCII.GetBytes(sent));

        await client.IsResetAsync();
        var record = await _pods.Client.RecordAsync("out", _ => true);
        Assert.Equal(("destination_not_allowed", name), (record.Reason, record.Text("name")));
        Assert.False(listener.Poll(0, SelectMode.SelectRead));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: side")]
    public async Task Client_ThatIsSilentForTheTime_HasNoNameAndLosesNothing(string before)
    {
        const string after = "car.test\r\n\r\n";
        using var listener = _pods.Server.Space.Listen(NamePods.Named);
        using var client = await ConnectAsync(NamePods.Named, six: false);
        await client.SendAsync(before);
        // Both sidecars wait no longer.
        using var service = await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit, TestContext.Current.CancellationToken);

        await service.SendAsync("220 ready\r\n");
        Assert.Equal("220 ready\r", await client.ReadLineAsync());
        await client.SendAsync(after);

        Assert.Equal(before + after, await service.ReadTextAsync(before.Length + after.Length));
        service.Finish();
        client.Finish();
        Assert.Equal("", await client.ReadUntilClosedAsync());
        var record = await _pods.Client.RecordAsync("out", _ => true);
        Assert.Equal(("completed", "plain", null), (record.Reason, record.Text("session"), record.Text("name")));
    }

    private Task<Socket> ConnectAsync(int port, bool six) => _pods.Client.ConnectAsync(six ? _pods.Server.V6 : _pods.Server.V4, port);
}
