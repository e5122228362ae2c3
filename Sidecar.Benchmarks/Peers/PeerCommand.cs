using System.CommandLine;
using Demo;

namespace Sidecar.Benchmarks.Peers;

/// <summary>The hidden subcommand <c>peer</c>: the load's own ends, each a process so that its descriptors and CPU are its own.</summary>
internal static class PeerCommand
{
    public const string Name = "peer";
    public const string Origin = "origin";
    public const string Upload = "upload";
    public const string Download = "download";
    public const string Idle = "idle";
    public const string Socks = "socks";

    public static Command Create() => new(Name, "The ends of the load, which compare starts by itself.")
    {
        Hidden = true,
        Subcommands = { CreateOrigin(), CreateBulk(Upload), CreateBulk(Download), CreateIdle(), CreateSocks() },
    };

    private static Command CreateOrigin()
    {
        Argument<int> source = new("source-port"), sink = new("sink-port"), echo = new("echo-port");
        var command = new Command(Origin, "Serves a source, a sink and an echo on loopback until SIGTERM.") { source, sink, echo };
        command.SetAction((parsed, _) => RunAsync(stop => BulkOrigin.RunAsync(
            parsed.GetValue(source), parsed.GetValue(sink), parsed.GetValue(echo), stop)));
        return command;
    }

    private static Command CreateBulk(string name)
    {
        Argument<int> port = new("port"), connections = new("connections"), seconds = new("seconds");
        var command = new Command(name, "Moves bytes and prints 'bytes seconds'.") { port, connections, seconds };
        command.SetAction((parsed, _) => RunAsync(_ => Console.Out.WriteLineAsync(
            BulkClient.Run(parsed.GetValue(port), name == Upload, parsed.GetValue(connections), parsed.GetValue(seconds)).ToString())));
        return command;
    }

    private static Command CreateIdle()
    {
        Argument<int> port = new("port"), connections = new("connections");
        var command = new Command(Idle, "Holds idle connections until SIGTERM.") { port, connections };
        command.SetAction((parsed, _) => RunAsync(stop => IdleClient.RunAsync(parsed.GetValue(port), parsed.GetValue(connections), stop)));
        return command;
    }

    private static Command CreateSocks()
    {
        Argument<int> port = new("port"), target = new("target-port"), connections = new("connections"), seconds = new("seconds");
        var command = new Command(Socks, "Makes connections by SOCKS, with a request each, and prints 'connections seconds'.") { port, target, connections, seconds };
        command.SetAction((parsed, _) => RunAsync(async stop => await Console.Out.WriteLineAsync((await SocksClient.RunAsync(
            parsed.GetValue(port), parsed.GetValue(target), parsed.GetValue(connections), TimeSpan.FromSeconds(parsed.GetValue(seconds)), stop)).ToString())));
        return command;
    }

    private static async Task<int> RunAsync(Func<CancellationToken, Task> work)
    {
        using var signals = new StopSignals();
        try
        {
            await work(signals.Stop);
            return 0;
        }
        catch (MeasureException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}
