using System.CommandLine;
using System.Net;
using Chassis.Endpoints;
using Chassis.Net;
using Chassis.Settings;

namespace VideoApi.Hosting;

/// <summary>The command that runs one of the services until it is stopped.</summary>
internal static class ServiceCommand
{
    // Up to 8019, 9019 and 9099: below the ports of other programs.
    private const int LastOffset = 18;

    /// <summary>A command <c>NAME [PORT] [WORD]</c>, also with options for both values.</summary>
    /// <param name="name">Name of the service.</param>
    /// <param name="description">One line of help.</param>
    /// <param name="defaultPort">Port if none is given.</param>
    /// <param name="parameter">The value that this service needs in addition to an address.</param>
    /// <param name="create">Makes the service; it listens when it runs.</param>
    public static Command Create<T>(
        string name, string description, int defaultPort, Parameter<T> parameter, Func<Listener, T, WebApplication> create) =>
        Create(name, description, defaultPort, parameter, [], (listener, value, _) => create(listener, value));

    /// <summary>The same with optional options.</summary>
    /// <param name="name">Name of the service.</param>
    /// <param name="description">One line of help.</param>
    /// <param name="defaultPort">Port if none is given.</param>
    /// <param name="parameter">The value that this service needs in addition to an address.</param>
    /// <param name="options">The optional options.</param>
    /// <param name="create">Makes the service from these values and the command line, which has the options' values.</param>
    public static Command Create<T>(
        string name, string description, int defaultPort, Parameter<T> parameter, IReadOnlyList<Option> options, Func<Listener, T, ParseResult, WebApplication> create)
    {
        var listen = new Parameter<IPEndPoint>("port", "--listen", "ADDRESS:PORT",
            "Where to listen; a port alone listens on all addresses.", ListenAddress.Parse, $"{defaultPort}");
        var servicePort = defaultPort + 1;
        var metrics = new Option<string?>("--metrics-address")
        {
            HelpName = "ADDRESS:PORT",
            Description = $"Where /metrics is served. [default: {servicePort}, or the next free port]",
        };
        var health = new Option<string?>("--health-address")
        {
            HelpName = "ADDRESS:PORT",
            Description = "Where /healthz and /readyz are served, not on the service's own port. [default: as --metrics-address]",
        };
        var metricsHosts = new Option<string?>("--metrics-hosts")
        {
            HelpName = "NAME,...",
            Description = "More host names that requests for /metrics can have, such as *.example.org.",
        };
        var healthHosts = new Option<string?>("--health-hosts")
        {
            HelpName = "NAME,...",
            Description = "More host names that requests for /healthz and /readyz can have, at --health-address.",
        };
        var connections = new Option<string>("--max-connections")
        {
            HelpName = "N",
            Description = "Most clients' connections at once, shared by address; above that, an idle one gives way, otherwise the answer is 503.",
            DefaultValueFactory = _ => "1500",
        };
        var level = new Option<string>("--log-level")
        {
            HelpName = "LEVEL",
            Description = "trace, debug, info, warning, error or none.",
            DefaultValueFactory = _ => "info",
        };

        var command = new Command(name, description);
        listen.AddTo(command);
        parameter.AddTo(command);
        foreach (var option in options)
            command.Options.Add(option);
        command.Options.Add(metrics);
        command.Options.Add(health);
        command.Options.Add(metricsHosts);
        command.Options.Add(healthHosts);
        command.Options.Add(connections);
        command.Options.Add(level);
        command.SetAction(async (result, cancellation) =>
        {
            var logLevel = Read(result, level, ServiceLogging.ParseLevel);
            var maxConnections = Read(result, connections, Values.WholeNumber(1, 1_000_000));
            var (value, _) = parameter.Read(result);
            var (address, source) = listen.Read(result);
            var byDefault = new ListenPoint(new IPEndPoint(ListenAddress.Any, servicePort), metrics.Name, servicePort + LastOffset);
            var metricsPoint = ReadPoint(result, metrics) ?? byDefault;
            var healthPoint = ReadPoint(result, health) ?? metricsPoint;
            var listener = new Listener(new ListenPoint(address, source), metricsPoint, healthPoint, maxConnections, logLevel)
            {
                MetricsHosts = ReadHosts(result, metricsHosts),
                HealthHosts = ReadHosts(result, healthHosts),
            };
            await using var app = create(listener, value, result);
            await VideoHost.RunAsync(app, cancellation);
            return 0;
        });
        return command;
    }

    private static ListenPoint? ReadPoint(ParseResult result, Option<string?> option) =>
        result.GetValue(option) is null ? null : new ListenPoint(Read(result, option, ListenAddress.Parse), option.Name);

    private static List<DestinationPattern> ReadHosts(ParseResult result, Option<string?> option) => result.GetValue(option) is null
        ? []
        : Read(result, option, text => text.Split(',', StringSplitOptions.TrimEntries).Select(DestinationPattern.Parse).ToList());

    private static T Read<T>(ParseResult result, Option option, Func<string, T> parse)
    {
        var text = result.GetRequiredValue<string>(option.Name);
        try
        {
            return parse(text);
        }
        catch (FormatException reason)
        {
            throw new Setting(option.Name, text, option.Name).Error(reason.Message);
        }
    }
}
