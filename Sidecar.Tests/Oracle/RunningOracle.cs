using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Oracle.Configuration;
using Oracle.Serving;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>The whole Oracle in this process, on free loopback ports, with its audit log in a file.</summary>
internal sealed class RunningOracle : IAsyncDisposable
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);
    private static readonly HttpClient Http = new();

    private readonly TempFolder _folder;
    private readonly OracleApp _app;
    private bool _stopped;

    private RunningOracle(TempFolder folder, OracleApp app) => (_folder, _app) = (folder, app);

    public OracleApp App => _app;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RunningOracle> StartAsync(string? policy = null, TimeProvider? time = null, Func<OracleOptions, OracleOptions>? change = null)
    {
        var folder = new TempFolder();
        var options = new OracleOptions
        {
            Listen = new ListenOption(AnyPort, "--listen"),
            Metrics = new ListenOption(AnyPort, "--metrics-address"),
            Health = new ListenOption(AnyPort, "--health-address"),
            AuditLog = new NamedFile(folder.File("audit.jsonl"), "--audit-log"),
            Policy = policy is null ? null : new NamedFile(folder.Write("policy.yml", policy), "--policy"),
            LogLevel = LogLevel.None,
        };
        var app = OracleApp.Create(change?.Invoke(options) ?? options, time);
        await app.StartAsync();
        return new RunningOracle(folder, app);
    }

    public void WritePolicy(string policy) => _folder.Write("policy.yml", policy);

    /// <summary>Connects, from an address of this host's if it is given.</summary>
    public async Task<Socket> ConnectAsync(IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
            socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(_app.WireAddress, Cancellation);
        return socket;
    }

    /// <summary>Sends one piece and reads to the end of the connection.</summary>
    public Task<string> AskAsync(string line) => AskAsync(Encoding.Latin1.GetBytes(line));

    public async Task<string> AskAsync(byte[] bytes)
    {
        using var socket = await ConnectAsync();
        await socket.SendAsync(bytes, Cancellation);
        return await ReadToEndAsync(socket);
    }

    /// <summary>Sends a line on a connection that goes on, and reads one, without its end.</summary>
    public static async Task<string> AskAsync(Socket socket, string line)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(line), Cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var answer = new StringBuilder();
        var one = new byte[1];
        while (await socket.ReceiveAsync(one, limit.Token) > 0 && one[0] != '\n')
            answer.Append((char)one[0]);
        return answer.ToString();
    }

    /// <summary>Reads to the end; a reset counts as one, for a server that closes on unread bytes.</summary>
    public static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var received = new StringBuilder();
        var buffer = new byte[256];
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
                received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The end, all the same.
        }

        return received.ToString();
    }

    public Task<string> MetricsAsync() => Http.GetStringAsync(new Uri($"http://{_app.MetricsAddress}/metrics"), Cancellation);

    public static Task<HttpResponseMessage> GetAsync(IPEndPoint endpoint, string path) => Http.GetAsync(new Uri($"http://{endpoint}{path}"), Cancellation);

    /// <summary>Waits until a line of the metrics is there.</summary>
    public async Task MetricAsync(string line)
    {
        var text = "";
        for (var tries = 0; tries < 2000; tries++)
        {
            text = await MetricsAsync();
            if (text.Split('\n').Contains(line))
                return;
            await Task.Delay(2, Cancellation);
        }

        Assert.Fail($"'{line}' never appeared in:\n{text}");
    }

    /// <summary>Stops the Oracle and reads the audit log.</summary>
    public async Task<IReadOnlyList<JsonElement>> AuditAsync()
    {
        await StopAsync();
        var lines = await File.ReadAllLinesAsync(_folder.File("audit.jsonl"), Cancellation);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    private async Task StopAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
