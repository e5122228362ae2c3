using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Chassis.Endpoints;

/// <summary>
/// Logging of every program here: one line for each event on stderr, because stdout is for records. No thread waits for the reader
/// of the log: when the queue is full, new lines are dropped, and the log says how many.
/// </summary>
public static class ServiceLogging
{
    /// <summary>Log levels as words of an option, most to least.</summary>
    public static readonly Func<string, LogLevel> ParseLevel = Settings.Values.OneOf(
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information),
        ("warning", LogLevel.Warning), ("error", LogLevel.Error), ("none", LogLevel.None));

    /// <summary>A level as <see cref="ParseLevel"/> reads it.</summary>
    public static string WriteLevel(LogLevel level) => level == LogLevel.Information ? "info" : Settings.Values.Write(level);

    /// <summary>Logs at <paramref name="level"/> and above; the framework's own lines from warnings on.</summary>
    public static WebApplicationBuilder LogToStandardError(this WebApplicationBuilder builder, LogLevel level)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            options.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            // The framework's own mode waits: a reader that has stopped would stop the event loops.
            options.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        builder.Logging.SetMinimumLevel(level);
        builder.Logging.AddFilter("Microsoft", level > LogLevel.Debug ? (LogLevel)Math.Max((int)level, (int)LogLevel.Warning) : level);
        return builder;
    }
}
