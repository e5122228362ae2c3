using System.CommandLine;
using System.Net;
using Chassis.Endpoints;
using Chassis.Net;

namespace VideoApi.Hosting;

/// <summary>The command that runs one of the services until it is told to stop.</summary>
internal static class ServiceCommand
{
    /// <summary>A command <c>NAME [PORT] [WORD]</c> with the same as options.</summary>
    /// <param name="name">Name of the service.</param>
    /// <param name="description">One line of help.</param>
    /// <param name="defaultPort">Port when none is given.</param>
    /// <param name="parameter">What this service needs besides an address.</param>
    /// <param name="create">Makes the service; it listens once run.</param>
    public static Command Create<T>(
        string name, string description, int defaultPort, Parameter<T> parameter, Func<Listener, T, WebApplication> create) =>
        Create(name, description, defaultPort, parameter, [], (listener, value, _) => create(listener, value));

    /// <summary>The same with options that nobody must give.</summary>
    /// <param name="name">Name of the service.</param>
    /// <param name="description">One line of help.</param>
    /// <param name="defaultPort">Port when none is given.</param>
    /// <param name="parameter">What this service needs besides an address.</param>
    /// <param name="options">What it may be given.</param>
    /// <param name="create">Makes the service from that and the command line, which has the options' values.</param>
    public static Command Create<T>(
        string name, string description, int defaultPort, Parameter<T> parameter, IReadOnlyList<Option> options, Func<Listener, T, ParseResult, WebApplication> create)
    {
        var listen = new Parameter<IPEndPoint>("port", "--listen", "ADDRESS:PORT",
            "Where to listen; a port alone listens on all addresses.", ListenAddress.Parse, $"{defaultPort}");
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
        command.Options.Add(level);
        command.SetAction(async (result, cancellation) =>
        {
            var logLevel = ReadLevel(result.GetValue(level)!);
            var (value, _) = parameter.Read(result);
            var (address, source) = listen.Read(result);
            await using var app = create(new Listener(address, source, logLevel), value, result);
            await VideoHost.RunAsync(app, name, cancellation);
            return 0;
        });
        return command;
    }

    private static LogLevel ReadLevel(string text)
    {
        try
        {
            return ServiceLogging.ParseLevel(text);
        }
        catch (FormatException reason)
        {
            throw new Chassis.Settings.Setting("log-level", text, "--log-level").Error(reason.Message);
        }
    }
}
