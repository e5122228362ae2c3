using System.CommandLine;
using Chassis.Settings;
using Sidecar.Hosting;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary><c>observe</c>: observes connections that do not pass through a sidecar, from captured packets.</summary>
internal static class ObserveCommand
{
    // The rest belongs to parts that are made once.
    private static readonly string[] Changing = ["capture.ports", "capture.cidrs", "capture.protos", "capture.cgroups", "capture.namespaces"];

    public static Command Create()
    {
        var command = new Command(
            "observe", "Observes HTTP/1, HTTP/2 and gRPC of connections that do not pass through a sidecar, from captured packets; writes records to stdout unless told otherwise");
        var source = new CommandLineSource(command, ObserveReader.Options);
        command.SetAction(async (parsed, _) =>
        {
            await using var app = ObserveApp.Create(new ConfigurationReader<ObserveOptions>(
                [.. source.Read(parsed)], [.. EnvironmentSource.Read("SIDECAR", ObserveReader.Options)], ObserveReader.Read, Changing));
            return await app.RunAsync();
        });
        return command;
    }
}
