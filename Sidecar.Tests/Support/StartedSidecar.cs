using System.Diagnostics;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>The sidecar as a process, with its records in a file, once it accepts.</summary>
internal sealed class StartedSidecar : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TempFolder _folder;
    private readonly ProgramProcess _process;

    private StartedSidecar(TempFolder folder, ProgramProcess process, int port) => (_folder, _process, Port) = (folder, process, port);

    public int Port { get; }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Lines of the log so far.</summary>
    public IReadOnlyList<string> Log => _process.Errors;

    /// <summary>Starts one that relays to a port of loopback.</summary>
    public static Task<StartedSidecar> StartAsync(int target, params IEnumerable<string> options) => StartAsync($"127.0.0.1:{target}", options);

    /// <summary>Starts one that relays to a host and port.</summary>
    public static async Task<StartedSidecar> StartAsync(string target, params IEnumerable<string> options)
    {
        var folder = new TempFolder();
        var process = ProgramProcess.Start("Sidecar",
        [
            "--listen", "127.0.0.1:0", "--target", target, "--connection-records", folder.File("records"),
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0", .. options,
        ]);
        return new StartedSidecar(folder, process, await process.ListenerPortAsync());
    }

    public IReadOnlyList<RecordedConnection> Records() => new ConnectionRecords(_folder.File("records")).Read();

    /// <summary>The admin port.</summary>
    public async Task<AdminPort> AdminAsync() => new(await EndpointAsync("admin"));

    /// <summary>Asks one of the own endpoints.</summary>
    public async Task<(int Status, string Body)> GetAsync(string endpoint, string path)
    {
        using var response = await Http.GetAsync(
            new Uri($"http://127.0.0.1:{await EndpointAsync(endpoint)}{path}"), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until the process holds as many accepted sockets.</summary>
    public Task AcceptedAsync(int count) => Eventually.TrueAsync(() => KernelSockets.Held(new HashSet<int> { Port }, new HashSet<int>()).Count == count);

    public Task<string> IsStoppingAsync() => _process.ErrorLineAsync("Stopping");

    public void Signal(ProcessSignal signal) => _process.Signal(signal);

    /// <summary>Signals, and waits for an end that nothing was wrong with.</summary>
    public async Task<TimeSpan> StopAsync(ProcessSignal signal)
    {
        var watch = Stopwatch.StartNew();
        Signal(signal);
        await EndsAsync();
        return watch.Elapsed;
    }

    /// <summary>Waits for an end that nothing was wrong with.</summary>
    public async Task EndsAsync()
    {
        Assert.Equal(0, await _process.ExitCodeAsync());
        Assert.DoesNotContain(_process.Errors, line => line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal));
    }

    /// <summary>Waits for an end of any kind.</summary>
    public Task<int> ExitCodeAsync() => _process.ExitCodeAsync();

    /// <summary>The port of one of the own endpoints.</summary>
    public Task<int> EndpointAsync(string name) => _process.EndpointPortAsync(name);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
