using System.Text.Json;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>
/// Two machines as the seed has them: on the frontend's what goes to port 9000 is redirected to 45000, on the backend's
/// what comes for port 9000 to 45001; not so what the proxy's own user sends.
/// </summary>
internal sealed class InterceptedNetwork : IAsyncDisposable
{
    public const int ProxyUser = 1337;
    public const int AppUser = 1339;
    public const string FrontAddress = "192.188.200.56";
    public const string BackAddress = "192.188.200.57";
    public const string StorageAddress = "192.188.200.55";
    public const string BackAddressV6 = "fd00:188::57";

    private readonly List<ProgramProcess> _programs = [];

    private InterceptedNetwork(NetworkNamespace front, NetworkNamespace back) => (Front, Back) = (front, back);

    public NetworkNamespace Front { get; }

    public NetworkNamespace Back { get; }

    public static async Task<InterceptedNetwork> CreateAsync(bool backIntercepts)
    {
        RootTools.Require();
        var network = new InterceptedNetwork(await NetworkNamespace.CreateAsync(), await NetworkNamespace.CreateAsync());
        try
        {
            await NetworkNamespace.JoinAsync(network.Front, network.Back);
            await network.Front.RunAsync($"""
                ip address add {FrontAddress}/24 dev wire
                ip address add fd00:188::56/64 dev wire nodad
                ip link set wire up
                {SidecarIptables.Folder}/frontend
                """);
            await network.Back.RunAsync($"""
                ip address add {BackAddress}/24 dev wire
                ip address add {StorageAddress}/24 dev wire
                ip address add {BackAddressV6}/64 dev wire nodad
                ip link set wire up
                """);
            if (backIntercepts)
                await network.Back.RunAsync($"{SidecarIptables.Folder}/backend");

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a sidecar as the proxy's user and waits until it accepts.</summary>
    public async Task<ProgramProcess> StartSidecarAsync(NetworkNamespace where, string words) =>
        await StartAsync(where, ProxyUser, "Sidecar", words, "Serving admin");

    /// <summary>Starts one of the video services as the application's user and waits until it listens.</summary>
    public async Task<ProgramProcess> StartVideoAsync(NetworkNamespace where, params string[] words) =>
        await StartAsync(where, AppUser, "VideoApi", words, "listens on");

    /// <summary>
    /// What curl gets as the application's user, with no proxy from the environment; -g because an IPv6 address stands in brackets. Names are
    /// those of a file in the form of /etc/hosts, if one is given.
    /// </summary>
    public static Task<string> CurlAsync(NetworkNamespace where, string words, string? hosts = null) => where.RunAsync(
        (hosts is null ? "" : $"mount --bind {hosts} /etc/hosts; ") +
        $"exec env -i \"PATH=$PATH\" setpriv --reuid={AppUser} --regid={AppUser} --clear-groups curl -g -sS --fail --max-time 20 {words}");

    /// <summary>Waits for a record on a sidecar's stdout.</summary>
    public static async Task<RecordedConnection> RecordAsync(ProgramProcess sidecar)
    {
        await Eventually.TrueAsync(() => sidecar.Output.Count > 0);
        var record = RecordedConnection.Parse(sidecar.Output[0]);
        Assert.Equal(JsonValueKind.Object, record.Json.ValueKind);
        return record;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs)
            await program.DisposeAsync();
        await Front.DisposeAsync();
        await Back.DisposeAsync();
    }

    private Task<ProgramProcess> StartAsync(NetworkNamespace where, int user, string program, string words, string ready) =>
        StartAsync(where, user, program, words.Split(' '), ready);

    private async Task<ProgramProcess> StartAsync(NetworkNamespace where, int user, string program, string[] words, string ready)
    {
        var process = where.Start(user, program, words);
        _programs.Add(process);
        await process.ErrorLineAsync(ready);
        return process;
    }
}
