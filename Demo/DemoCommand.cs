using System.CommandLine;

namespace Demo;

/// <summary>The command line of the demo.</summary>
internal static class DemoCommand
{
    /// <summary>Text below the options of <c>--help</c>.</summary>
    public const string Epilog = """
        Examples:
          ./demo                          open http://127.0.0.1:8000/ and watch; Ctrl-C stops everything
          ./demo --verify                 check every byte of the way; exit code 0 when all is well, else 1
          ./demo --policy my-policy.yaml  let the Oracle choose by these rules
          ./demo --by-kind --verify       catalogue, playlists and segments each with a transform of their own
          ./demo --verify --records -     and show what the sidecars saw of the video's requests, one JSON line each
          ./demo --records-kafka          and send it to Kafka; the demo starts the broker and prints the command that reads it
          ./demo --native --verify        the same with native builds
          sudo ./demo --transparent       pods of network namespaces, where no program knows of a sidecar
          sudo ./demo --transparent --observe --verify   and compare what the sidecar and captured packets have shown

        The way: browser -> frontend :8000 -> p1 :45000 ~ transformed ~> p2 :45001 -> backend :9000 -> storage :9080.
        The Oracle on :9100 authorizes each connection and chooses its transform.
        While it runs: curl -s localhost:15090/metrics shows p1's counters, port 15091 those of p2.

        With --by-kind p1 and p2 have three listeners each, and ask the Oracle in dialect v1x, which tells it the listener.

        With --transparent (as root) client, server, Oracle and storage are hosts of their own, joined by a bridge. The
        frontend calls http://<server>:9000, over IPv4 and over IPv6; rules of iptables/sidecar-iptables lead that
        connection to p1 in the client's pod and to p2 in the server's. Namespaces, rules and programs are removed at
        the end; those of a run that was killed are removed by the next one.
        """;

    /// <summary>Creates the command.</summary>
    /// <param name="run">What it does; the result is the exit code.</param>
    public static RootCommand Create(Func<DemoOptions, Task<int>> run)
    {
        var verify = new Option<bool>("--verify") { Description = "Fetch the whole video, compare it with its files, look at the bytes between p1 and p2, then end." };
        var policy = new Option<FileInfo?>("--policy") { HelpName = "FILE", Description = "The Oracle's policy (YAML). Default: every byte is inverted (not)." };
        var freePorts = new Option<bool>("--free-ports") { Description = "Take free ports instead of the usual ones, so that two demos can run at once." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Show the output of the programs, each line after the name of its program." };
        var logs = new Option<DirectoryInfo?>("--log-folder") { HelpName = "DIR", Description = "Write the output of each program to DIR/<program>.log." };
        var transparent = new Option<bool>("--transparent") { Description = "Make pods of network namespaces (needs root); iptables redirects their connections to the sidecars." };
        var storage = new Option<bool>("--storage-through-sidecars") { Description = "With --transparent: also transform the bytes between backend and storage." };
        var byKind = new Option<bool>("--by-kind") { Description = "A separate path and transform for each of catalogue, playlists and segments, chosen by listener (dialect v1x)." };
        var native = new Option<bool>("--native") { Description = "Run programs of machine code, published first (minutes, once); Debian's clang, lld and zlib1g-dev make them." };
        var records = new Option<string?>("--records") { HelpName = "FILE", Description = "Write what the sidecars record of each HTTP exchange to FILE; - is stdout, and all other output goes to stderr." };
        var kafka = new Option<bool>("--records-kafka") { Description = "Start a broker of Kafka, and send what the sidecars record of each HTTP exchange to it." };
        var observe = new Option<bool>("--observe") { Description = "With --transparent: also run Sidecar observe beside the sidecars, and at the end compare the records of both." };
        var command = new RootCommand("Plays a video through a pair of sidecars: starts all programs on this machine and stops them again.")
        {
            verify, transparent, storage, byKind, native, policy, records, kafka, observe, freePorts, verbose, logs,
        };
        command.SetAction(result => run(new DemoOptions(
            result.GetValue(verify), result.GetValue(policy), result.GetValue(freePorts), result.GetValue(verbose), result.GetValue(logs),
            result.GetValue(transparent), result.GetValue(storage), result.GetValue(byKind),
            result.GetValue(native), result.GetValue(records), result.GetValue(kafka), result.GetValue(observe))));
        return command;
    }
}
