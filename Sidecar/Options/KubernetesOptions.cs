namespace Sidecar.Options;

/// <summary>Names that Kubernetes gives to the ends of connections, for records.</summary>
public sealed record KubernetesOptions
{
    // Where Kubernetes mounts the token of a service account.
    private const string Account = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The pods that have names in records; default none.</summary>
    public PeerNaming Names { get; init; }

    /// <summary>The own pod; default <c>POD_NAME</c>, null if it is not known.</summary>
    public string? Pod { get; init; } = Variable("POD_NAME");

    /// <summary>The own namespace; default <c>POD_NAMESPACE</c>, then that of the service account's token.</summary>
    public string? Namespace { get; init; } = Variable("POD_NAMESPACE") ?? TextOf($"{Account}/namespace");

    /// <summary>The own node; default <c>NODE_NAME</c>.</summary>
    public string? Node { get; init; } = Variable("NODE_NAME");

    /// <summary>The own service account; default <c>POD_SERVICE_ACCOUNT</c>.</summary>
    public string? ServiceAccount { get; init; } = Variable("POD_SERVICE_ACCOUNT");

    /// <summary>The file with the own labels, <c>key="value"</c> in each line, as the downward API writes it; default /etc/podinfo/labels.</summary>
    public string LabelsFile { get; init; } = "/etc/podinfo/labels";

    /// <summary>The only labels that records have; default null for all, up to 256 bytes of each object.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The API server; default that of <c>KUBERNETES_SERVICE_HOST</c> and <c>KUBERNETES_SERVICE_PORT</c>, null outside of pods.</summary>
    public Uri? Server { get; init; } = ServerOf(Variable("KUBERNETES_SERVICE_HOST"), Variable("KUBERNETES_SERVICE_PORT"));

    /// <summary>The file with the token for the API server, read again for each request; default that of the service account.</summary>
    public string TokenFile { get; init; } = $"{Account}/token";

    /// <summary>The file with the authorities of the API server; default that of the service account.</summary>
    public string CaFile { get; init; } = $"{Account}/ca.crt";

    /// <summary>Whether peers of all namespaces have names; default only those of the own one.</summary>
    public bool AllNamespaces { get; init; }

    /// <summary>Most pods, most services, and most endpoints of services that are known, 100 to 1,000,000; default 5,000, which is some 5 MB.</summary>
    public int MaxEntries { get; init; } = 5000;

    internal static Uri? ServerOf(string? host, string? port) =>
        host is null ? null : new Uri($"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port ?? "443"}");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? TextOf(string file) => File.Exists(file) ? File.ReadAllText(file).Trim() : null;
}

/// <summary>The pods that have names in records.</summary>
public enum PeerNaming
{
    /// <summary>Nobody's.</summary>
    Off,

    /// <summary>Those of the own pod.</summary>
    Own,

    /// <summary>Those of the own pod and of peers, from the API server.</summary>
    On,
}
