using Microsoft.Extensions.Logging;

namespace Chassis.Records;

/// <summary>Log messages of all kinds of sinks.</summary>
internal static partial class RecordLog
{
    [LoggerMessage(900, LogLevel.Error, "Records cannot be written to {Path} and are dropped: {Reason}")]
    public static partial void WriteFailed(ILogger logger, string path, string reason);

    [LoggerMessage(901, LogLevel.Information, "Records are written to {Path} again; {Lost} were dropped in the meantime")]
    public static partial void WritingAgain(ILogger logger, string path, long lost);

    [LoggerMessage(902, LogLevel.Warning, "Records that were lost at the end, because their output did not take them: {Count}")]
    public static partial void LostAtTheEnd(ILogger logger, long count);

    [LoggerMessage(905, LogLevel.Error, "Records go on to the old file, {Path} cannot be rotated: {Reason}")]
    public static partial void RotationFailed(ILogger logger, string path, string reason);

    [LoggerMessage(906, LogLevel.Error, "Records go on to the old file, {Path} cannot be reopened: {Reason}")]
    public static partial void ReopeningFailed(ILogger logger, string path, string reason);

    [LoggerMessage(907, LogLevel.Information, "Reopened {Path}")]
    public static partial void Reopened(ILogger logger, string path);

    [LoggerMessage(909, LogLevel.Error, "Records that one sender's flood pushes out cannot be kept in {Path}: {Reason}")]
    public static partial void KeepingFailed(ILogger logger, string path, string reason);
}
