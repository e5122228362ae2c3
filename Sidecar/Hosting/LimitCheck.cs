using System.Globalization;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Hosting;

/// <summary>Compares the configured limits with the kernel's, and warns at the start of those that are cut.</summary>
internal static partial class LimitCheck
{
    // Since Linux 2.3; each network namespace has its own.
    private const string MaxBacklog = "/proc/sys/net/core/somaxconn";

    /// <summary>The number of connections that the limit of open files allows.</summary>
    public static int MostConnections(IReadOnlyList<ListenerOptions> listeners) => OpenFiles.Room(DescriptorsOfEach(listeners));

    public static void Warn(ILogger logger, SidecarOptions options)
    {
        var connections = Math.Min(options.WantedConnections, options.Listeners.Sum(l => (long)l.MaxConnections));
        var needed = (DescriptorsOfEach(options.Listeners) * connections) + OpenFiles.Reserve;
        if (connections > options.MaxConnections)
            Log.TooFewDescriptors(logger, connections, needed, OpenFiles.SoftLimit(), options.MaxConnections);
        if (File.Exists(MaxBacklog) && int.TryParse(File.ReadAllText(MaxBacklog), CultureInfo.InvariantCulture, out var max) && options.Backlog > max)
            Log.BacklogIsCut(logger, options.Backlog, max);
    }

    // Its two sockets, and at a p1 a third while it asks the Oracle.
    private static int DescriptorsOfEach(IReadOnlyList<ListenerOptions> listeners) =>
        listeners.Any(listener => listener is { Role: SidecarRole.Outbound, Oracle: not null }) ? 3 : 2;

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
