using System.CommandLine;
using System.Net;
using Chassis.Settings;
using Demo.Verification;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Authorization.Pools;
using Sidecar.Configuration;
using Sidecar.Hosting;
using Sidecar.Hosting.Reload;
using Sidecar.Listeners;
using Sidecar.Options;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>
/// A sidecar in this process, made from the words of a command line. Its own endpoints get free ports, its records a file.
/// Disposing it fails the test if it has logged an error.
/// </summary>
internal sealed class RunningSidecar : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TempFolder _folder = new();
    private readonly ErrorLog _errors = new();
    private readonly ErrorLog _warnings = new(LogLevel.Warning);
    private readonly SidecarApp _app;
    private readonly ConnectionRecords _records;

    private RunningSidecar(IReadOnlyList<string> words)
    {
        var path = _folder.File("records");
        _app = SidecarApp.Create(Read(
        [
            .. words, .. Unless("--handshake-timeout", words), .. Unless("--connect-timeout", words), "--connection-records", path, .. Unless("--log-level", words, "error"), .. Unless("--drain", words, "100ms"),
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", .. Unless("--admin-address", words, "127.0.0.1:0"),
        ]));
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_errors);
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_warnings);
        _records = new ConnectionRecords(path);
    }

    /// <summary>The first listener's port; listeners of the tests are on loopback or all addresses.</summary>
    public int Port => _app.Listeners[0].Port;

    /// <summary>The ports of metrics and health.</summary>
    public IReadOnlyList<int> MonitoringPorts => [_app.Addresses.Metrics.Port, _app.Addresses.Health.Port];

    private int AdminPortNumber => ((IPEndPoint)_app.Addresses.Admin!).Port;

    /// <summary>The ports of the own endpoints.</summary>
    public IReadOnlyList<int> EndpointPorts => [_app.Addresses.Metrics.Port, _app.Addresses.Health.Port, AdminPortNumber];

    /// <summary>The ports of all listeners.</summary>
    public IReadOnlyList<int> Ports => [.. _app.Listeners.Select(l => l.Port)];

    /// <summary>The admin port.</summary>
    public AdminPort Admin => new(AdminPortNumber);

    /// <summary>Connections to the Oracle that wait for the next question.</summary>
    public int KeptOracleConnections => _app.Services.GetRequiredService<OraclePools>().Count;

    /// <summary>All records so far.</summary>
    public IReadOnlyList<RecordedConnection> Records => _records.Read();

    /// <summary>What ends it.</summary>
    public Drain Drain => _app.Services.GetRequiredService<Drain>();

    /// <summary>Listeners by their names.</summary>
    public IReadOnlyDictionary<string, Listener> Listeners =>
        _app.Services.GetRequiredService<ListenerTable>().Current.ToDictionary(listener => listener.Current.Options.Name, StringComparer.Ordinal);

    /// <summary>Reads the configuration's file again, as SIGHUP would.</summary>
    /// <returns>Whether it is in force.</returns>
    public Task<bool> ReloadAsync() => _app.Services.GetRequiredService<Reloader>().ReloadAsync(TestContext.Current.CancellationToken);

    /// <summary>Errors that were logged, and that the test expects.</summary>
    public IReadOnlyList<string> TakeErrors() => _errors.Take();

    /// <summary>Warnings and errors that were logged, with <c>--log-level warning</c>.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings.Lines;

    /// <summary>Makes a sidecar that has not started.</summary>
    public static RunningSidecar Create(params IReadOnlyList<string> words) => new(words);

    /// <summary>Starts one of role alone before a port of loopback.</summary>
    public static Task<RunningSidecar> AloneAsync(int target, params IEnumerable<string> options) =>
        StartAsync(["0", "127.0.0.1", $"{target}", "127.0.0.1", "alone", .. options]);

    /// <summary>Starts a sidecar from words such as <c>0 127.0.0.1 9000 --idle-timeout 1s</c>.</summary>
    public static async Task<RunningSidecar> StartAsync(params IEnumerable<string> words)
    {
        var sidecar = new RunningSidecar([.. words]);
        await sidecar._app.StartAsync();
        return sidecar;
    }

    /// <summary>Sends a request to one of the own endpoints, for a host and with these header fields.</summary>
    public static async Task<HttpStatusCode> StatusAsync(int port, string path, string? host = null, params IEnumerable<(string Name, string Value)> fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}{path}"));
        request.Headers.Host = host;
        foreach (var (name, value) in fields)
            request.Headers.Add(name, value);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>Waits for a record of which the predicate holds; without one, for the first.</summary>
    public Task<RecordedConnection> RecordAsync(Func<RecordedConnection, bool>? predicate = null) => _records.FirstAsync(predicate ?? (_ => true));

    /// <summary>The metrics as Prometheus would get them now.</summary>
    public async Task<MetricsPage> ScrapeAsync() => new(await Http.GetStringAsync(
        new Uri($"http://127.0.0.1:{_app.Addresses.Metrics.Port}/metrics"), TestContext.Current.CancellationToken));

    /// <summary>The only connection ended for a reason: record and metric agree, none lives on, no socket is left open.</summary>
    public async Task<RecordedConnection> EndsForAsync(string reason)
    {
        var record = await RecordAsync();
        Assert.True(record.Reason == reason, $"{reason} is expected: {record}");
        Assert.Single(Records);
        var metrics = await ScrapeAsync();
        Assert.Equal(1, metrics.Sum("sidecar_connections_total", $"reason=\"{reason}\"", $"listener=\"{record.Text("listener")}\""));
        Assert.Equal(1, metrics.Sum("sidecar_connections_total"));
        Assert.Equal(0, metrics.Sum("sidecar_connections_active"));
        await NoSocketIsOpenAsync();
        return record;
    }

    /// <summary>Neither an accepted socket nor one to a configured target or Oracle is left.</summary>
    public async Task NoSocketIsOpenAsync()
    {
        HashSet<int> accepting = [.. _app.Listeners.Select(l => l.Port)];
        HashSet<int> upstreams = [.. from l in _app.Services.GetRequiredService<CurrentOptions>().Value.Listeners from host in new[] { l.Target, l.Oracle } where host is not null select host.Value.Port];
        await Eventually.TrueAsync(() => KernelSockets.Held(accepting, upstreams).Count == 0);
    }

    /// <summary>Runs as the process would, to its end.</summary>
    public Task RunAsync() => _app.RunAsync();

    /// <summary>Stops as SIGTERM would.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
        Assert.Empty(_errors.Lines);
    }

    // The defaults of 3 s and 2 s are for people who wait, not for a machine that is busy with tests.
    private static IReadOnlyList<string> Unless(string option, IReadOnlyList<string> words, string value = "20s") => words.Contains(option) ? [] : [option, value];

    private static ConfigurationReader Read(string[] args)
    {
        var words = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var command = new RootCommand { words };
        var source = new CommandLineSource(command, SettingTable.Options);
        var parsed = command.Parse(args);
        Assert.Empty(parsed.Errors);
        var positional = parsed.GetValue(words) is { Length: > 0 } given ? PositionalForm.Read(given) : [];
        return new ConfigurationReader([.. positional, .. source.Read(parsed)], []);
    }
}
