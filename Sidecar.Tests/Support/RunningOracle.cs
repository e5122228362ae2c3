using System.Net;
using Oracle.Configuration;
using Oracle.Serving;
using Testing;

namespace Sidecar.Tests.Support;

/// <summary>The real Oracle in this process, with a policy of the test's own.</summary>
internal sealed class RunningOracle : IAsyncDisposable
{
    private static readonly ListenOption AnyPort = new(new IPEndPoint(IPAddress.Loopback, 0), "test");

    private readonly TempFolder _folder = new();
    private readonly OracleApp _app;

    private RunningOracle(string policy) => _app = OracleApp.Create(new OracleOptions
    {
        Listen = AnyPort,
        Metrics = AnyPort,
        Health = AnyPort,
        Policy = new NamedFile(_folder.Write("policy.yml", policy), "test"),
        AuditLog = new NamedFile("off", "test"),
        LogLevel = Microsoft.Extensions.Logging.LogLevel.Error,
    });

    /// <summary>Where questions are answered.</summary>
    public int Port => _app.WireAddress.Port;

    /// <summary>Starts an Oracle that answers everyone with a transform, <c>random</c> or <c>deny</c>.</summary>
    public static async Task<RunningOracle> StartAsync(string answer)
    {
        var oracle = new RunningOracle($"default: {answer}\n");
        await oracle._app.StartAsync();
        return oracle;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
