using System.CommandLine;
using Sidecar.Benchmarks.Captures;
using Sidecar.Benchmarks.Micro;
using Sidecar.Benchmarks.Peers;
using Sidecar.Benchmarks.Transforms;

namespace Sidecar.Benchmarks;

/// <summary>The command line.</summary>
internal static class BenchmarksCommand
{
    /// <summary>Text below the options of <c>--help</c>.</summary>
    public const string Epilog = """
        Examples, from the repository's top folder, each behind
        dotnet run -c Release --project Sidecar.Benchmarks --
          compare                                        the whole comparison, in eight minutes
          compare --quick --only requests,connections    a first look at some rows
          compare --candidates sidecar,haproxy --sidecar-args "--transport sockets"
          compare --output Sidecar.Benchmarks/RESULTS.md --json figures.json
          micro --filter *Pump*                          parts of the sidecar alone, by BenchmarkDotNet
          transforms                                     the kernels of the transforms beside copying
          captures                                       Sidecar observe beside tcpdump and tshark, as root

        compare needs haproxy, nginx with its stream module, wrk and iperf3; run as root it installs those that it lacks.
        Files of --output and --json are written after each round: a run that ends early loses at most the round it was in.
        Exit code 0: all was measured. 1: a candidate failed, or the run was interrupted. 2: a usage error.
        """;

    /// <summary>Creates the command.</summary>
    /// <param name="compare">What <c>compare</c> does; the result is the exit code.</param>
    public static RootCommand Create(Func<CompareOptions, Task<int>> compare) =>
        new("Measures the sidecar beside HAProxy and nginx.") { Subcommands = { CompareCommand.Create(compare), MicroCommand.Create(), TransformsCommand.Create(), CapturesCommand.Create(), PeerCommand.Create() } };
}
