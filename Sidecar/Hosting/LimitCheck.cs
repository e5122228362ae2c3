using System.Globalization;
using Sidecar.Configuration;

namespace Sidecar.Hosting;

/// <summary>Warns at the start of configured limits that the kernel's own would cut short.</summary>
internal static partial class LimitCheck
{
    // Since Linux 2.3; each network namespace has its own.
    private const string MaxBacklog = "/proc/sys/net/core/somaxconn";

    public static void Warn(ILogger logger, SidecarOptions options)
    {
        var connections = Math.Min(options.WantedConnections, options.Listeners.Sum(l => (long)l.MaxConnections));
        var needed = (FileDescriptors.Each(options.Listeners) * connections) + FileDescriptors.Reserve;
        if (connections > options.MaxConnections)
            Log.TooFewDescriptors(logger, connections, needed, FileDescriptors.SoftLimit(), options.MaxConnections);
        if (File.Exists(MaxBacklog) && int.TryParse(File.ReadAllText(MaxBacklog), CultureInfo.InvariantCulture, out var max) && options.Backlog > max)
            Log.BacklogIsCut(logger, options.Backlog, max);
    }

    private static partial class Log
    {
        [LoggerMessage(15, LogLevel.Warning,
            "{Connections} connections need {Needed} file descriptors, the open file limit is {Limit}, so more than {Fitting} are refused: raise it (ulimit -n, LimitNOFILE=) to {Needed}, or lower limits.connections (--max-connections) to {Fitting}")]
        public static partial void TooFewDescriptors(ILogger logger, long connections, long needed, int limit, int fitting);

        [LoggerMessage(16, LogLevel.Warning,
            "A backlog of {Backlog} is cut to net.core.somaxconn, {Max}: raise that (sysctl -w net.core.somaxconn={Backlog}), or lower limits.backlog (--backlog)")]
        public static partial void BacklogIsCut(ILogger logger, int backlog, int max);
    }
}
