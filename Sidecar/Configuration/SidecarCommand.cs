using System.CommandLine;
using System.Net;
using Chassis;
using Chassis.Records;
using Chassis.Settings;
using Injection.Command;
using Oracle.Protocol;
using Sidecar.Hosting;
using Sidecar.Hosting.Metrics;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Records.Command;
using Sidecar.Transform.Command;

namespace Sidecar.Configuration;

/// <summary>The command line: run (the root command), <c>check</c>, <c>observe</c>, <c>transform</c>, <c>records</c>, <c>inject</c>, <c>injector</c> and <c>wait</c>.</summary>
internal static class SidecarCommand
{
    public const string Epilog = PositionalForm.Help + """


        Examples:
          Sidecar 45000 127.0.0.1 9000                            relay to one service
          Sidecar 45000 127.0.0.1 45001 127.0.0.1 9100 0.0.0.0 outbound
                                                                  the outbound sidecar of a pair, with an Oracle
          Sidecar --listen 45001 --role inbound --target 127.0.0.1:9000 --transform "(chain (xor 42) (rotl 3))"
          Sidecar --config sidecar.yaml                           several listeners in one process

        Environment: SIDECAR__METRICS__ADDRESS sets metrics.address, and so on. The command line takes precedence over the
        environment, and the environment over the file. Times are written 500ms, 3s, 5m, 1h.
        No transform is encryption: it hides nothing from an attacker.
        """;

    public static RootCommand Create()
    {
        var words = new Argument<string[]>("words") { Description = "The positional form, see below", Arity = ArgumentArity.ZeroOrMore };
        var root = new RootCommand("A transparent sidecar proxy that works on the bytes of each connection.") { words };
        var checkedWords = new Argument<string[]>("words") { Description = "The positional form, see Sidecar --help", Arity = ArgumentArity.ZeroOrMore };
        var check = new Command("check", "Validates the configuration without starting the sidecar; takes the same options as a start") { checkedWords };
        root.Subcommands.Add(check);
        root.Subcommands.Add(ObserveCommand.Create());
        root.Subcommands.Add(TransformCommand.Create());
        root.Subcommands.Add(RecordsCommand.Create());
        root.Subcommands.Add(InjectCommand.Create());
        root.Subcommands.Add(InjectorCommand.Create());
        root.Subcommands.Add(WaitCommand.Create(((IPEndPoint)new SidecarOptions { Listeners = [] }.Health.Address).Port));
        var source = new CommandLineSource(root, SettingTable.Options);
        var checkedSource = new CommandLineSource(check, SettingTable.Options, option => option.Key == SettingTable.ConfigKey);
        root.SetAction(async (parsed, _) =>
        {
            await using var app = SidecarApp.Create(SourceOf(source, parsed, parsed.GetValue(words) ?? []));
            await app.RunAsync();
            return 0;
        });
        check.SetAction(parsed =>
        {
            var options = SourceOf(checkedSource, parsed, parsed.GetValue(checkedWords) ?? []).Read().Options;
            TryOutputs(options);
            var listeners = options.Listeners.Select(l => $"{l.Name} ({l.Role.Word()}) on {l.Listen}");
            parsed.InvocationConfiguration.Output.WriteLine($"valid: {options.Listeners.Count} listener(s): {string.Join(", ", listeners)}");
            foreach (var entry in options.Records)
                parsed.InvocationConfiguration.Output.WriteLine($"records: {entry}");
            return 0;
        });
        return root;
    }

    // Tries all that a start needs, so that the error names each that fails.
    private static void TryOutputs(SidecarOptions options)
    {
        List<Action> outputs = [.. options.Records.Select(entry => (Action)entry.Output.Check)];
        if (options.ConnectionRecords is { } path)
            outputs.Insert(0, () => FileCheck.RefuseUnwritable(path, options.ConnectionRecordsOrigin));
        if (options is { Records.Count: > 0, Kubernetes.Names: PeerNaming.On })
            outputs.Add(() => new ApiServer(options.Kubernetes).Dispose());
        if (options.Records.Count > 0 || options.MetricsExport is not null)
            outputs.Add(() => OwnPod.NameOf(options.Kubernetes));
        if (options.MetricsExport is { } metrics)
            outputs.Add(() => MetricsExport.Check(metrics));
        var errors = new List<string>();
        foreach (var output in outputs)
        {
            try
            {
                output();
            }
            catch (UsageException error)
            {
                errors.AddRange(error.Lines);
            }
        }

        if (errors.Count > 0)
            throw new UsageException(errors);
    }

    private static ConfigurationReader SourceOf(CommandLineSource source, ParseResult parsed, string[] words)
    {
        IReadOnlyList<Setting> positional = words.Length > 0 ? [.. PositionalForm.Read(words)] : [];
        return new ConfigurationReader([.. positional, .. source.Read(parsed)], [.. EnvironmentSource.Read("SIDECAR", SettingTable.Options)]);
    }
}
