using System.Net;
using System.Net.NetworkInformation;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Kubernetes;

/// <summary>The pod of this process, by the downward API.</summary>
internal sealed class OwnPod
{
    // A pod's addresses are there before its containers, and stay to its end.
    private readonly HashSet<IPAddress> _addresses;

    private OwnPod(NamedPod? name, IEnumerable<IPAddress> addresses) => (Name, _addresses) = (name, [.. addresses]);

    /// <summary>Its name; null if it is not known.</summary>
    public NamedPod? Name { get; }

    /// <summary>Reads it.</summary>
    /// <exception cref="Chassis.UsageException">The file with its labels cannot be read.</exception>
    public static OwnPod Read(KubernetesOptions options, LabelChoice labels) => new(
        options.Pod is null ? null : new NamedPod(options.Pod, options.Namespace, options.Node, options.ServiceAccount, labels.Of(ReadLabels(options.LabelsFile))),
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => NetworkAddress.Canonical(a.Address)));

    /// <summary>The name of the own pod, for a process that needs no names of peers; null if names are off or it is not known.</summary>
    /// <exception cref="Chassis.UsageException">The file with its labels cannot be read.</exception>
    public static NamedPod? NameOf(KubernetesOptions options) => options.Names == PeerNaming.Off ? null : Read(options, new LabelChoice(options.Labels)).Name;

    /// <summary>Whether an address belongs to it.</summary>
    public bool Has(IPAddress address) => IPAddress.IsLoopback(address) || _addresses.Contains(address);

    /// <summary>The labels of a file of the downward API.</summary>
    public static Dictionary<string, string> ParseLabels(string text)
    {
        var labels = new Dictionary<string, string>();
        foreach (var line in text.Split('\n'))
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var split)
                labels[line[..split]] = Unquoted(line[(split + 1)..]);
        }

        return labels;
    }

    // A pod need not have the file.
    private static Dictionary<string, string> ReadLabels(string file)
    {
        try
        {
            return File.Exists(file) ? ParseLabels(File.ReadAllText(file)) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Chassis.UsageException($"kubernetes.labels-file '{file}': {error.Message}", error);
        }
    }

    // Quoted as Go does it; the values of labels need no escape but those of quotation marks, which they cannot have.
    private static string Unquoted(string text) => text.Trim().Trim('"');
}
