using System.Reflection;
using Chassis;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>What this process is for OpenTelemetry: the attributes of its resource.</summary>
internal static class OtlpResource
{
    private const string Attributes = "OTEL_RESOURCE_ATTRIBUTES";
    private const string ServiceName = "OTEL_SERVICE_NAME";
    private const string ServiceKey = "service.name";

    private static readonly string Instance = Guid.NewGuid().ToString();

    /// <summary>The attributes. A configured name has precedence over the environment, and the environment over what is found.</summary>
    /// <param name="service">The configured name of the service; null for none.</param>
    /// <param name="environment">Finds a variable of the environment; null if it is not set.</param>
    /// <param name="pod">Those of the own pod; null if they are not known.</param>
    /// <exception cref="UsageException">A variable is wrong.</exception>
    public static IReadOnlyDictionary<string, string> Of(
        string? service, Func<string, string?> environment, IReadOnlyDictionary<string, string>? pod = null)
    {
        var attributes = new OrderedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ServiceKey] = "sidecar",
            ["service.version"] = typeof(OtlpResource).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            ["service.instance.id"] = Instance,
            ["host.name"] = Environment.MachineName,
        };
        foreach (var (name, value) in pod ?? new Dictionary<string, string>())
            attributes[name] = value;
        var listed = environment(Attributes) ?? "";
        foreach (var pair in listed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new UsageException($"{Attributes} '{OneLine.Start(listed)}': NAME=VALUE,... is expected");
            attributes[pair[..equals].Trim()] = Uri.UnescapeDataString(pair[(equals + 1)..].Trim());
        }

        if (environment(ServiceName) is { Length: > 0 } named)
            attributes[ServiceKey] = named;
        if (service is not null)
            attributes[ServiceKey] = service;
        return attributes;
    }
}
