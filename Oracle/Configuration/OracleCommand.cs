using System.CommandLine;
using Chassis;
using Chassis.Settings;
using Oracle.Policies;
using Oracle.Serving;

namespace Oracle.Configuration;

/// <summary>The command line: <c>Oracle [port] [options]</c> and <c>Oracle check [options]</c>.</summary>
internal static class OracleCommand
{
    /// <summary>Text below the options of <c>--help</c>.</summary>
    public const string Epilog = """
        Every option is also a key of the YAML file (metrics.address for --metrics-address) and an environment
        variable (ORACLE__METRICS__ADDRESS). The command line takes precedence over the environment, and the
        environment over the file.

        A policy file has rules. For each question, the first rule that matches decides:
          rules:
            - name: office
              peer: [10.0.0.0/8, ::1]   # the address that connected to the asking sidecar. Left out: any
              role: [outbound, inbound, alone]   # who asks (aliases p1, p2). Left out: any
              listener: [out, in, web]  # names of the asking sidecar's listeners, each side's own. Left out: any
              destination: ["*.example.org:443", 10.1.0.0/16, "[fd00::/8]:80", "*:9000"]   # Left out: anywhere
              transform: scramble       # an expression, a name of it, or random: a fresh xor key for each connection
            - peer: 203.0.113.0/24
              deny: true
          default: deny                 # or a transform; deny when left out
          transforms: {scramble: (chain (xor 42) (rotl 3))}
          filters: [filters/mine.dll]   # assemblies with operators of your own
        No name is looked up: a network matches only addresses, a name matches only that name. Questions in dialect v1 have
        neither listener nor destination. A rule with one of these and deny denies such a question. A rule with one of these
        and a transform denies it too, unless the policy without that rule gives the same transform. A transform that v1
        cannot express (all but idt, not and xor) is a denial too.
        Sidecars that ask in v1x keep up to 64 idle connections each: give --max-connections room
        for these and for the questions of the moment.
        Of a pair the inbound sidecar (p2) asks first, then the outbound one (p1). Each is judged by its own question; a denial
        of either ends the connection. Both get the transform that inbound was granted. An outbound sidecar that asks about a
        connection that no inbound one has asked about is denied.
        The file is read again when it changes, and at once on SIGHUP. A file that is broken or takes longer than 10 s to read
        is refused. None of the transforms is encryption.

        Examples:
          Oracle 9100
          Oracle --listen 127.0.0.1:9100 --policy policy.yml --audit-log audit.jsonl
          Oracle check --policy policy.yml
        """;

    private static readonly SettingOption[] Options =
    [
        Option(Keys.Listen, "ADDRESS:PORT", "Where questions are answered. [default: all addresses, 9100]"),
        Option(Keys.Policy, "FILE", "Which connection gets which transform. [default: not, for each]"),
        Option(Keys.MetricsAddress, "ADDRESS:PORT", "Where /metrics is served. [default: all addresses, 9101 or the next free port]"),
        Option(Keys.HealthAddress, "ADDRESS:PORT", "Where /healthz and /readyz are served. [default: as /metrics]"),
        Option(Keys.MetricsHosts, "NAME,...", "More host names that requests for /metrics can have, such as *.example.org."),
        Option(Keys.HealthHosts, "NAME,...", "More host names that requests for /healthz and /readyz can have."),
        Option(Keys.AuditLog, "FILE|-|off", "One JSON line for each decision; - is stdout. [default: -]"),
        Option(Keys.MaxConnections, "N", "Most open connections at once; above that, an idle one gives way. [default: 4096]"),
        Option(Keys.MaxDecisions, "N", "Connections remembered for 30 s; one address has at most half. [default: 262144]"),
        Option(Keys.LogLevel, "LEVEL", "trace, debug, info, warning, error or none; on stderr. [default: info]"),
        Option(Keys.Config, "FILE", "YAML file with these options as keys."),
    ];

    /// <summary>Builds the command.</summary>
    public static RootCommand Create()
    {
        var port = new Argument<string?>("port") { Arity = ArgumentArity.ZeroOrOne, Description = "Port for questions, on all addresses; short for --listen PORT." };
        var check = new Command("check", "Reads configuration and policy, reports the first error, and ends.");
        var root = new RootCommand("Authorizes the connections of sidecars and chooses how their bytes are changed.") { port, check };
        var named = new CommandLineSource(root, Options);
        var checkedNames = new CommandLineSource(check, Options, option => option.Key is Keys.Policy or Keys.Config);
        check.SetAction(parsed => Check(OptionsReader.Read(Environment(), [.. checkedNames.Read(parsed)])));
        root.SetAction((parsed, _) => RunAsync(OptionsReader.Read(Environment(), [.. Positional(parsed.GetValue(port)), .. named.Read(parsed)])));
        return root;
    }

    private static SettingOption Option(string key, string value, string description) => new("--" + key.Replace('.', '-'), key, value, description);

    private static List<Setting> Environment() => [.. EnvironmentSource.Read(OptionsReader.EnvironmentPrefix, Options)];

    // A first word that is a number is the form of the Lisp program; any other word would be a subcommand.
    private static IEnumerable<Setting> Positional(string? word) => word switch
    {
        null => [],
        _ when word.All(char.IsAsciiDigit) => [new Setting(Keys.Listen, word, "port")],
        _ => throw new UsageException($"'{word}': a port, an option or 'check' is expected; try --help"),
    };

    private static int Check(OracleOptions options)
    {
        if (options.Policy is { } file)
        {
            var policy = new PolicySource(file.Path, file.Origin).First;
            foreach (var warning in PolicyWarnings.Of(policy))
                Console.Error.WriteLine($"{file.Path}: warning: {warning}");
            Console.WriteLine($"{file.Path}: {policy.Summary}");
        }

        Console.WriteLine("ok");
        return 0;
    }

    private static async Task<int> RunAsync(OracleOptions options)
    {
        await using var app = OracleApp.Create(options);
        await app.RunAsync();
        return 0;
    }
}
