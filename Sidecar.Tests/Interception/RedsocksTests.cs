using System.Net;
using System.Text;
using Testing;
using Testing.Peers;
using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>redsocks takes the redirected connections and speaks SOCKS4 to p1, as the ancestor's users have it.</summary>
public sealed class RedsocksTests
{
    // redsocks reads whole lines only: the last one needs its end.
    private const string Config = """
        base { log_debug = off; log_info = on; log = "stderr"; daemon = off; redirector = iptables; }
        redsocks { local_ip = 127.0.0.1; local_port = 12345; ip = 127.0.0.1; port = 1080; type = socks4; }

        """;

    [Fact]
    public async Task Redsocks_InFrontOfASocks4P1_TellsItWhereConnectionsWentTo()
    {
        RootTools.Require("redsocks");
        using var folder = new TempFolder();
        var config = folder.Write("redsocks.conf", Config);
        await using var network = await CreateAsync(backIntercepts: false);
        Assert.Equal(0, (await SidecarIptables.RunAsync(
            ["ip", "netns", "exec", network.Front.Name], ["apply", "--outbound-port", "12345", "--outbound-ports", "9000", "--exclude-uids", $"{ProxyUser}"])).Code);
        await using var server = PodServer.Greeting(network.Back.Listen(9000));
        var p2 = await network.StartSidecarAsync(network.Back, "--listen 45001 --role p2 --transform not");
        var p1 = await network.StartSidecarAsync(network.Front, $"--listen 127.0.0.1:1080 --role p1 --mode socks4 --target {BackAddress}:45001 --transform not");
        await using var redsocks = network.Front.StartCommand(
            "setpriv", $"--reuid={ProxyUser}", $"--regid={ProxyUser}", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
            "redsocks", "-c", config);
        await redsocks.ErrorLineAsync("redsocks started");

        using var client = await network.Front.ConnectAsync(IPAddress.Parse(BackAddress), 9000, AppUser);
        Assert.StartsWith("220 ", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.SendAsync("through three");
        client.Finish();

        Assert.Equal("through three", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        var (first, second) = (await RecordAsync(p1), await RecordAsync(p2));
        Assert.Equal($"{BackAddress}:9000", first.Text("destination"));
        Assert.Equal($"{BackAddress}:45001", first.Text("upstream"));
        Assert.Equal((first.Id, $"{BackAddress}:9000"), (second.Id, second.Text("upstream")));
    }
}
