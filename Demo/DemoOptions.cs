namespace Demo;

/// <summary>What the user asked for.</summary>
/// <param name="Verify">Check the whole way and end, instead of waiting for Ctrl-C.</param>
/// <param name="Policy">The Oracle's policy file; null for its default.</param>
/// <param name="FreePorts">Take any free ports instead of the usual ones.</param>
/// <param name="Verbose">Show what the programs write.</param>
/// <param name="LogFolder">Write it to files there; null for none.</param>
/// <param name="Transparent">Pods of network namespaces, where iptables brings the connections to the sidecars.</param>
/// <param name="StorageThroughSidecars">In the transparent demo: the way between backend and storage has sidecars too.</param>
/// <param name="ByKind">Catalogue, playlists and segments go through listeners and transforms of their own (dialect v1x).</param>
/// <param name="Native">Runs the native builds.</param>
/// <param name="Records">Where the records of HTTP exchanges go: a file, <c>-</c> for stdout, null for nowhere.</param>
/// <param name="RecordsKafka">Starts Kafka's brokers, and sends the records there.</param>
/// <param name="Observe">In the transparent demo: captures the packets beside the sidecars, and compares what both have seen.</param>
internal sealed record DemoOptions(
    bool Verify, FileInfo? Policy, bool FreePorts, bool Verbose, DirectoryInfo? LogFolder, bool Transparent, bool StorageThroughSidecars, bool ByKind, bool Native, string? Records,
    bool RecordsKafka, bool Observe);
