using System.Globalization;
using System.Net;
using Chassis;
using Chassis.Net;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Owners;

namespace Sidecar.Capture;

/// <summary>
/// What is observed; an empty list means all. The kernel filters by all of it but the namespaces and the versions of HTTP. While it is unknown which end of a connection is its server, because the
/// connection was there before the capture, packets pass if either end could be.
/// </summary>
internal sealed record CaptureFilter
{
    // The kernel's maps have room for twice as many.
    private const int Most = 1024;
    private const int MostCgroups = 4096;

    /// <summary>Everything.</summary>
    public static CaptureFilter All { get; } = new();

    /// <summary>Ports of servers; at most 1,024.</summary>
    public IReadOnlyList<int> ServerPorts { get; init; } = [];

    /// <summary>Networks of servers; at most 1,024.</summary>
    public IReadOnlyList<IPNetwork> Included { get; init; } = [];

    /// <summary>Networks of servers that are left out, also of those that are included; at most 1,024.</summary>
    public IReadOnlyList<IPNetwork> Excluded { get; init; } = [];

    /// <summary>Ids of cgroups, each with those below it, of either end; at most 4,096. Only eBPF knows them.</summary>
    public IReadOnlyList<ulong> Cgroups { get; init; } = [];

    /// <summary>Versions of HTTP.</summary>
    public RecordProtocols Protocols { get; init; } = RecordProtocols.All;

    /// <summary>Namespaces of Kubernetes, of either end.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Namespaces of Kubernetes that neither end may be in.</summary>
    public IReadOnlyList<string> ExcludedNamespaces { get; init; } = [];

    /// <summary>Whether names of Kubernetes decide.</summary>
    public bool HasNamespaces => Namespaces.Count + ExcludedNamespaces.Count > 0;

    /// <summary>The filter for a user's choice.</summary>
    /// <exception cref="UsageException">There is no such control group, or there are too many members.</exception>
    public static CaptureFilter Of(CaptureChoice choice)
    {
        Check("capture.ports", choice.Ports.Count, Most);
        Check("capture.cidrs", choice.Cidrs.Count, Most);
        Check("capture.cgroups", choice.Cgroups.Count, MostCgroups);
        var (included, excluded) = Split(choice.Cidrs);
        var (namespaces, excludedNamespaces) = Split(choice.Namespaces);
        return new()
        {
            ServerPorts = choice.Ports,
            Protocols = choice.Protocols,
            Included = [.. included.Select(NetworkAddress.Parse)],
            Excluded = [.. excluded.Select(NetworkAddress.Parse)],
            Cgroups = [.. choice.Cgroups.Select(folder => ControlGroups.IdOf(folder) ?? throw new UsageException($"capture.cgroups '{folder}': no folder of a control group (version 2) is there"))],
            Namespaces = namespaces,
            ExcludedNamespaces = excludedNamespaces,
        };
    }

    /// <summary>Whether connections to a server pass.</summary>
    public bool Accepts(IPEndPoint server) =>
        (ServerPorts.Count == 0 || ServerPorts.Contains(server.Port))
        && (Included.Count == 0 || Included.Any(network => network.Contains(server.Address)))
        && !Excluded.Any(network => network.Contains(server.Address));

    /// <summary>Whether connections between these ends pass; an end without a name is in no namespace.</summary>
    public bool Accepts(ConnectionNames? names)
    {
        if (!HasNamespaces)
            return true;
        string?[] ends = [NamespaceOf(names?.Client), NamespaceOf(names?.Server)];
        return (Namespaces.Count == 0 || ends.Any(end => end is not null && Namespaces.Contains(end)))
            && !ends.Any(end => end is not null && ExcludedNamespaces.Contains(end));
    }

    private static void Check(string key, int count, int most)
    {
        if (count > most)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{key}: at most {most} are possible, not {count}"));
    }

    private static string? NamespaceOf(EndNames? end) => end?.Pod?.Namespace ?? end?.Service?.Namespace;

    private static (string[] Included, string[] Excluded) Split(IReadOnlyList<string> words) =>
        ([.. words.Where(word => !word.StartsWith('!'))], [.. words.Where(word => word.StartsWith('!')).Select(word => word[1..])]);
}
