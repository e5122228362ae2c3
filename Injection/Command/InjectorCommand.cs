using System.CommandLine;
using System.Net;
using Chassis;
using Chassis.Net;
using Injection.Admission;

namespace Injection.Command;

/// <summary><c>injector</c>: a webhook that adds sidecars to pods when a cluster creates them.</summary>
public static class InjectorCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var listen = Address("--listen", "Where the API server asks, over TLS: POST /inject", "8443");
        var metrics = Address("--metrics-address", "Serves /metrics", "15090");
        var health = Address("--health-address", "Serves /healthz and /readyz", "15021");
        var certificate = new Option<string>("--certificate") { Description = "PEM file with the certificate; it is read again when it changes", HelpName = "FILE", Required = true };
        var key = new Option<string>("--key") { Description = "PEM file with the private key", HelpName = "FILE", Required = true };
        var settings = new PodOptions();
        var command = new System.CommandLine.Command("injector", "Serve a Kubernetes admission webhook that adds a sidecar to new pods") { listen, certificate, key, metrics, health };
        settings.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            var options = new InjectorOptions(Read(parsed, listen), Read(parsed, metrics), Read(parsed, health), parsed.GetValue(certificate)!, parsed.GetValue(key)!);
            await using var app = InjectorApp.Create(options, settings.Read(parsed));
            await app.RunAsync();
            return 0;
        });
        return command;
    }

    private static Option<string> Address(string name, string description, string usual) =>
        new(name) { Description = description, HelpName = "ADDRESS:PORT", DefaultValueFactory = _ => usual };

    private static IPEndPoint Read(ParseResult parsed, Option<string> option)
    {
        var text = parsed.GetValue(option)!;
        try
        {
            return ListenAddress.Parse(text);
        }
        catch (FormatException expected)
        {
            throw new UsageException($"{option.Name} '{OneLine.Of(text)}': {expected.Message}", expected);
        }
    }
}
