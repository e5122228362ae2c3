using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Every own port, called by everyone, at every address: no loop, no open relay, nothing undocumented.</summary>
[Collection(PodPairs.Name)]
public sealed class MaliciousCallTests
{
    private readonly PodPair _pods;
    private int _count;

    public MaliciousCallTests(PodPair pods)
    {
        RootTools.Require();
        _pods = pods;
        _pods.ForgetRecords();
    }

    [Fact]
    public void Document_HasTheSameTable() =>
        Assert.Contains(MaliciousCalls.Table, File.ReadAllText(Path.Combine(SidecarIptables.Folder, "..", "docs", "iptables.md")), StringComparison.Ordinal);

    [Fact]
    public async Task EveryCall_EndsAsTheTableSays()
    {
        Assert.Equal(30 * 8, MaliciousCalls.All.Count());
        var surprises = new List<string>();
        foreach (var (port, caller, address, outcome) in MaliciousCalls.All.Where(call => call.Outcome != "own"))
        {
            foreach (var seen in await CallAsync(port, caller, IPAddress.Parse(address)))
            {
                if (seen != outcome)
                    surprises.Add($"{caller} to {address} {port}: {seen} instead of {outcome}");
            }
        }

        Assert.True(surprises.Count == 0, string.Join("; ", surprises));
        // Whatever went round in circles would still be open.
        await Eventually.TrueAsync(async () => (await _pods.Server.MetricsAsync()).Sum("sidecar_connections_active") == 0);
    }

    private async Task<IReadOnlyList<string>> CallAsync(int port, string caller, IPAddress address) => caller switch
    {
        "application" => [await DirectAsync(_pods.Server, Pod.AppUser, address, port)],
        "sidecar's user" => [await DirectAsync(_pods.Server, Pod.SidecarUser, address, port)],
        // By a user that the rules there do not redirect.
        "another pod" => [await DirectAsync(_pods.Client, Pod.SidecarUser, address, port)],
        "another pod, redirected" => [await ThroughP1Async(_pods.Client, address, port)],
        _ =>
        [
            await ThroughP2Async(_pods.Server, Pod.AppUser, IPAddress.Loopback, address, port),
            await ThroughP2Async(_pods.Server, Pod.SidecarUser, _pods.Server.V6, address, port),
            await ThroughP2Async(_pods.Client, Pod.SidecarUser, _pods.Server.V4, address, port),
        ],
    };

    private async Task<string> DirectAsync(Pod from, int user, IPAddress address, int port)
    {
        try
        {
            using var socket = await from.ConnectAsync(address, port, user);
            return port switch
            {
                45000 => await UntilRecordedAsync(socket, "out"),
                45001 => await GreetedAsync(socket, $"bonjour call-{++_count}\n"),
                _ => await AskedAsync(socket, port),
            };
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return "refused";
        }
    }

    private static async Task<string> ThroughP1Async(Pod from, IPAddress address, int port)
    {
        var destination = Pod.Shown(new IPEndPoint(address, port));
        var earlier = Records().Count;
        using var socket = await from.ConnectAsync(address, port);
        Assert.Equal("", await socket.ReadUntilClosedAsync());
        // By its destination: the kernel may have changed the client's port.
        await Eventually.TrueAsync(() => Records().Count > earlier);
        return Records()[^1].Reason;

        List<RecordedConnection> Records() => [.. from.AllRecords("out").Where(r => r.Text("destination") == destination)];
    }

    private async Task<string> ThroughP2Async(Pod from, int user, IPAddress p2, IPAddress address, int port)
    {
        using var socket = await from.ConnectAsync(p2, 45001, user);
        return await GreetedAsync(socket, $"bonjour call-{++_count} {address} {port}\n");
    }

    private async Task<string> UntilRecordedAsync(Socket socket, string listener)
    {
        var client = Pod.Shown(socket.LocalEndPoint);
        Assert.Equal("", await socket.ReadUntilClosedAsync());
        return (await _pods.Server.RecordAsync(listener, r => r.Text("client") == client)).Reason;
    }

    private async Task<string> GreetedAsync(Socket socket, string greeting)
    {
        var id = $"call-{_count}";
        await socket.SendAsync(greeting);
        Assert.Equal($"fail {id}\n", await socket.ReadUntilClosedAsync());
        return (await _pods.Server.RecordAsync("in", r => r.Id == id)).Reason;
    }

    private static async Task<string> AskedAsync(Socket socket, int port)
    {
        var path = port switch { 15000 => "listeners", 15021 => "healthz", _ => "metrics" };
        await socket.SendAsync($"GET /{path} HTTP/1.0\r\n\r\n");
        return await socket.ReadTextAsync(15) == "HTTP/1.1 200 OK" ? "served" : "not served";
    }
}
