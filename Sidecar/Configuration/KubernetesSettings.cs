using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads the settings of Kubernetes' names.</summary>
internal static class KubernetesSettings
{
    private const int FewestEntries = 100;
    private const int MostEntries = 1_000_000;

    private static readonly KubernetesOptions Defaults = new();

    /// <summary>The options.</summary>
    public static readonly IReadOnlyList<SettingOption> Options =
    [
        new("--kubernetes-names", "kubernetes.names", "off|own|on", "Kubernetes names in records: of the own pod, or also of peers, from the API server [default: off]"),
        new("--kubernetes-pod", "kubernetes.pod", "NAME", "The own pod [default: $POD_NAME]"),
        new("--kubernetes-namespace", "kubernetes.namespace", "NAME", "The own namespace [default: $POD_NAMESPACE, or that of the service account's token]"),
        new("--kubernetes-node", "kubernetes.node", "NAME", "The own node [default: $NODE_NAME]"),
        new("--kubernetes-service-account", "kubernetes.service-account", "NAME", "The own service account [default: $POD_SERVICE_ACCOUNT]"),
        new("--kubernetes-labels-file", "kubernetes.labels-file", "FILE", $"File with the own labels, as the downward API writes it [default: {Defaults.LabelsFile}]"),
        new("--kubernetes-labels", "kubernetes.labels", "NAME,...", "The only labels in records [default: all, up to 256 bytes of each pod or service]"),
        new("--kubernetes-server", "kubernetes.server", "URL", "The API server [default: that of the cluster]"),
        new("--kubernetes-token-file", "kubernetes.token-file", "FILE", $"File with the token for the API server, read again for each request [default: {Defaults.TokenFile}]"),
        new("--kubernetes-ca-file", "kubernetes.ca-file", "FILE", $"PEM file with the API server's authorities [default: {Defaults.CaFile}]"),
        new("--kubernetes-scope", "kubernetes.scope", "namespace|cluster", "Peers that have names: those of the own namespace, or of all [default: namespace]"),
        new("--kubernetes-max-entries", "kubernetes.max-entries", "COUNT", $"Most pods, services, and endpoints of services that are known; further ones have no names and are counted [default: {Defaults.MaxEntries}]"),
    ];

    // Without effect for the own pod alone.
    private static readonly string[] OfPeers = ["server", "token-file", "ca-file", "scope", "max-entries"];

    /// <summary>Reads them.</summary>
    public static KubernetesOptions Read(SettingSet settings)
    {
        var options = new KubernetesOptions
        {
            Names = settings.Read("kubernetes.names", Defaults.Names, Values.OneOf(("off", PeerNaming.Off), ("own", PeerNaming.Own), ("on", PeerNaming.On))),
            Pod = ReadName("pod", Defaults.Pod),
            Namespace = ReadName("namespace", Defaults.Namespace),
            Node = ReadName("node", Defaults.Node),
            ServiceAccount = ReadName("service-account", Defaults.ServiceAccount),
            LabelsFile = settings.Read("kubernetes.labels-file", Defaults.LabelsFile, text => text),
            Labels = settings.ReadList("kubernetes.labels", text => text),
            Server = settings.Read("kubernetes.server", Defaults.Server, Values.HttpUrl, url => url?.AbsoluteUri),
            TokenFile = settings.Read("kubernetes.token-file", Defaults.TokenFile, text => text),
            CaFile = settings.Read("kubernetes.ca-file", Defaults.CaFile, text => text),
            AllNamespaces = settings.Read("kubernetes.scope", false, Values.OneOf(("namespace", false), ("cluster", true)), isAll => isAll ? "cluster" : "namespace"),
            MaxEntries = settings.Read("kubernetes.max-entries", Defaults.MaxEntries, Values.WholeNumber(FewestEntries, MostEntries)),
        };
        Check(settings, options);
        return options;

        string? ReadName(string name, string? usual) => settings.Read($"kubernetes.{name}", usual, ParseName, text => text);
    }

    private static void Check(SettingSet settings, KubernetesOptions options)
    {
        if (options.Names == PeerNaming.On)
        {
            if (options.Server is null && !settings.IsWrong("kubernetes.server"))
                settings.Refuse(settings.Find("kubernetes.names")!, "this is no pod (KUBERNETES_SERVICE_HOST is missing): give kubernetes.server, or take own or off");
            if (options is { Namespace: null, AllNamespaces: false } && !settings.IsWrong("kubernetes.namespace") && !settings.IsWrong("kubernetes.scope"))
                settings.Refuse(settings.Find("kubernetes.names")!, "the own namespace is not known: give kubernetes.namespace or the variable POD_NAMESPACE");
            return;
        }

        if (options.Names == PeerNaming.Own && options.Pod is null && !settings.IsWrong("kubernetes.pod"))
            settings.Refuse(settings.Find("kubernetes.names")!, "the own pod is not known: give kubernetes.pod or the variable POD_NAME");
        var without = options.Names == PeerNaming.Own
            ? OfPeers.Select(name => $"kubernetes.{name}")
            : Options.Select(option => option.Key).Where(key => key != "kubernetes.names");
        foreach (var key in without)
            settings.SwitchOff(key, $"kubernetes.names is {Values.Write(options.Names)}; remove this, or take {(options.Names == PeerNaming.Own ? "on" : "own or on")}", cause: "kubernetes.names");
    }

    // The longest name of an object is that of a DNS subdomain (RFC 1123).
    private static string ParseName(string text) =>
        text.Length is > 0 and <= 253 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.')
            ? text
            : throw new FormatException("the name of an object of Kubernetes is expected: small letters, digits, - and .");
}
