using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Demo.Verification;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>A network namespace with a sidecar under a user of its own, and rules that hand it all other users' connections.</summary>
/// <param name="space">Its namespace.</param>
/// <param name="number">The last part of its addresses.</param>
/// <param name="config">The sidecar's configuration, with listeners <c>out</c> at 45000 and <c>in</c> at 45001; null for the usual one.</param>
internal sealed class Pod(NetworkNamespace space, int number, string? config = null) : IAsyncDisposable
{
    public const int SidecarUser = 1337;
    public const int AppUser = 1339;

    // Long limits: a thousand connections at once must not meet them on a busy machine.
    private const string Config = """
        timeouts:
          handshake: 20s
          connect: 20s
        listeners:
          - name: out
            listen: "[::]:45000"
            role: p1
            mode: transparent
            transform: not
          - name: in
            listen: "[::]:45001"
            role: p2
            transform: not
        """;

    private readonly TempFolder _folder = new();
    private ProgramProcess? _sidecar;
    private DateTimeOffset _since;
    private int _generation = 1;

    public NetworkNamespace Space => space;

    public IPAddress V4 { get; } = IPAddress.Parse($"10.77.0.{number}");

    public IPAddress V6 { get; } = IPAddress.Parse($"fd00:77::{number}");

    /// <summary>The sidecar, once it has started.</summary>
    public ProgramProcess Process => _sidecar!;

    /// <summary>Sets the addresses of a namespace that is joined to another one, and does the rest.</summary>
    public async Task StartAsync()
    {
        await space.RunAsync($"""
            ip address add {V4}/24 dev wire
            ip address add {V6}/64 dev wire nodad
            ip link set wire up
            """);
        await StartSidecarAsync();
    }

    /// <summary>Sets the rules and starts the sidecar, where the addresses are set.</summary>
    public async Task StartSidecarAsync()
    {
        await SetRulesAsync("apply");
        _sidecar = space.Start(SidecarUser, "Sidecar", ["--config", _folder.Write("sidecar.yaml", config ?? Config), "--connection-records", Records]);
        await _sidecar.ErrorLineAsync("Serving admin");
    }

    /// <summary>Changes the configuration file, and waits until it is in force.</summary>
    public async Task ChangeAsync(string changed)
    {
        // At once: what the sidecar reads is never half a file.
        File.Move(_folder.Write("next.yaml", changed), _folder.File("sidecar.yaml"), overwrite: true);
        await Process.ErrorLineAsync($"is in force as generation {++_generation}");
    }

    /// <summary>The sidecar's metrics.</summary>
    public async Task<MetricsPage> MetricsAsync() => new(await space.RunAsync("curl -sS --noproxy '*' http://127.0.0.1:15090/metrics"));

    /// <summary>Applies or removes the rules.</summary>
    public async Task SetRulesAsync(string action, params IEnumerable<string> more) => Assert.Equal(
        new ScriptResult(0, "", ""),
        await SidecarIptables.RunAsync(["ip", "netns", "exec", space.Name], [action, "--outbound-port", "45000", "--inbound-port", "45001", .. more]));

    /// <summary>A connection from this pod.</summary>
    public Task<Socket> ConnectAsync(IPAddress address, int port, int user = AppUser) => space.ConnectAsync(address, port, user);

    /// <summary>Hides the records of all connections so far: the kernel gives their ports again, so a client's address does not tell them apart.</summary>
    public void ForgetRecords() => _since = DateTimeOffset.UtcNow.AddMilliseconds(-1);

    /// <summary>Waits for a record of this pod's sidecar.</summary>
    public Task<RecordedConnection> RecordAsync(string listener, Func<RecordedConnection, bool> predicate) =>
        new ConnectionRecords(Records).FirstAsync(record => IsMeant(record, listener) && predicate(record));

    /// <summary>All records so far of one listener.</summary>
    public IReadOnlyList<RecordedConnection> AllRecords(string listener) =>
        [.. new ConnectionRecords(Records).Read().Where(record => IsMeant(record, listener))];

    /// <summary>An end of a connection as records show it.</summary>
    public static string Shown(EndPoint? end) => end is IPEndPoint { Address: var address, Port: var port }
        ? new IPEndPoint(NetworkAddress.Canonical(address), port).ToString()
        : throw new ArgumentException("no address", nameof(end));

    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null)
            await _sidecar.DisposeAsync();
        await space.DisposeAsync();
        _folder.Dispose();
    }

    private string Records => _folder.File("records");

    private bool IsMeant(RecordedConnection record, string listener) => record.Text("listener") == listener && record.Began >= _since;
}
