using System.Net;
using Chassis;
using Chassis.Records;
using Oracle.Decisions;
using Oracle.Protocol;

namespace Oracle.Telemetry;

/// <summary>
/// The audit log, or none. A full queue makes the askers wait: no answer is sent before its line is queued.
/// </summary>
internal sealed class AuditLog : IAsyncDisposable
{
    /// <summary>The word of the option that switches it off.</summary>
    public const string Off = "off";

    private readonly JsonLineSink<AuditRecord>? _sink;

    /// <summary>Opens it.</summary>
    /// <param name="path">A file, <c>-</c> for stdout, or <c>off</c>.</param>
    /// <param name="origin">The option or key that named it.</param>
    /// <param name="logger">Gets a line when writing fails.</param>
    /// <exception cref="UsageException">The file cannot be opened.</exception>
    public AuditLog(string path, string origin, ILogger<AuditLog> logger) =>
        _sink = path == Off ? null : JsonLineSink.Open(path, origin, AuditJson.Default.AuditRecord, WhenFull.Wait, logger);

    /// <summary>Lines lost so far, because the output failed or the program ended.</summary>
    public long Dropped => _sink?.Dropped ?? 0;

    /// <summary>Queues the line of one question, or of a connection without a question.</summary>
    /// <returns>Whether it was queued; false if the program ends meanwhile.</returns>
    public ValueTask<bool> WriteAsync(OracleQuestion? question, Decision decision, EndPoint? asker, DateTimeOffset now) =>
        _sink?.WriteAsync(AuditRecord.Of(question, decision, asker, now)) ?? ValueTask.FromResult(true);

    /// <summary>Writes the waiting lines and closes the output.</summary>
    public ValueTask DisposeAsync() => _sink?.DisposeAsync() ?? ValueTask.CompletedTask;
}
