using System.Reflection;
using System.Text.RegularExpressions;
using ByteFilters;
using Chassis.Net;
using Chassis.Settings;

namespace Injection.Pods;

/// <summary>How the container of a sidecar runs.</summary>
internal enum ContainerKind
{
    /// <summary>A native sidecar, for Kubernetes 1.29 and later: it starts before the application and ends after it.</summary>
    Native,

    /// <summary>An ordinary container, for older clusters.</summary>
    Classic,
}

/// <summary>What a pod gets. Each setting is an option of <c>inject</c> and <c>injector</c>, and an annotation of a pod, which takes precedence.</summary>
internal sealed partial record PodSettings
{
    /// <summary>The prefix of all annotations.</summary>
    public const string Prefix = "sidecar.proxy/";

    /// <summary>The annotation that asks for a sidecar (true), or refuses it (false).</summary>
    public const string Inject = Prefix + "inject";

    /// <summary>The annotation that an injected pod has; its value is the version that has injected it.</summary>
    public const string Injected = Prefix + "injected";

    /// <summary>The annotation with the probes as they were.</summary>
    public const string Probes = Prefix + "probes";

    /// <summary>The version of this program, which is the tag of its images. It stands before the settings, which have it in their help.</summary>
    public static string Version { get; } = typeof(PodSettings).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>All settings.</summary>
    public static readonly IReadOnlyList<PodSetting> All =
    [
        new("role", "ROLE,...", "outbound, inbound, or both with a comma", (pod, text) => pod with { Roles = List(text, ParseRole) }),
        new("outbound-ports", "PORT,...", "Outgoing connections to these ports go through the sidecar; a range is 8000:8999, and all is all ports", (pod, text) => pod with { OutboundPorts = ParsePorts(text) }),
        new("exclude-outbound-ports", "PORT,...", "Outgoing connections to these ports do not", (pod, text) => pod with { ExcludeOutboundPorts = ParsePorts(text) }),
        new("inbound-ports", "PORT,...", "Incoming connections to these ports go through the sidecar [default: the ports of the containers]", (pod, text) => pod with { InboundPorts = Application(ParsePorts(text)) }),
        new("exclude-inbound-ports", "PORT,...", "Incoming connections to these ports do not", (pod, text) => pod with { ExcludeInboundPorts = ParsePorts(text) }),
        new("oracle", "HOST:PORT", "The Oracle that authorizes each connection and chooses its transform", (pod, text) => pod with { Oracle = HostPort.Parse(text).ToString() }),
        new("transform", "EXPRESSION", "Transform if there is no Oracle; no transform is encryption [default: idt]", (pod, text) => pod with { Transform = ParseTransform(text) }),
        new("config", "CONFIGMAP", "ConfigMap with a file sidecar.yaml; it replaces listeners, Oracle and transform, and its listeners must be on 45000 (outbound) and 45001 (inbound)", (pod, text) => pod with { Config = Matching(text, Name(), "the name of a ConfigMap is expected") }),
        new("kubernetes-names", "off|own|on", "Kubernetes names in records; on needs a role that may list and watch pods, services and endpoint slices [default: off]", (pod, text) => pod with { KubernetesNames = Values.OneOf(("off", "off"), ("own", "own"), ("on", "on"))(text) }),
        new("drain-delay", "TIME", $"Time after SIGTERM in which the sidecar goes on accepting incoming connections, 0s to 1h [default: {DefaultDrainDelay}; with a ConfigMap what its file says]", (pod, text) => pod with { DrainDelay = ParseDelay(text) }),
        new("container", "KIND", "native: a native sidecar, from Kubernetes 1.29 on; classic: an ordinary container [default: native]", (pod, text) => pod with { Container = Values.OneOf(("native", ContainerKind.Native), ("classic", ContainerKind.Classic))(text) }),
        new("image", "IMAGE", $"Image of the sidecar [default: {DefaultImage}]", (pod, text) => pod with { Image = Matching(text, ImageName(), "an image is expected, such as registry.example/sidecar:1.0") }),
        new("iptables-image", "IMAGE", $"Image that sets the rules [default: {DefaultIptablesImage}]", (pod, text) => pod with { IptablesImage = Matching(text, ImageName(), "an image is expected, such as registry.example/sidecar-iptables:1.0") }),
        new("cpu", "QUANTITY", $"CPU that the sidecar requests [default: {DefaultCpu}]", (pod, text) => pod with { Cpu = ParseQuantity(text) }),
        new("cpu-limit", "QUANTITY", "Most CPU of the sidecar [default: no limit]", (pod, text) => pod with { CpuLimit = ParseQuantity(text) }),
        new("memory", "QUANTITY", $"Memory that the sidecar requests [default: {DefaultMemory}]", (pod, text) => pod with { Memory = ParseQuantity(text) }),
        new("memory-limit", "QUANTITY", $"Most memory of the sidecar [default: {DefaultMemoryLimit}]", (pod, text) => pod with { MemoryLimit = ParseQuantity(text) }),
    ];

    // The native sidecar has 25 MB resident at rest, and each idle connection 4 KB.
    private const string DefaultCpu = "50m";
    private const string DefaultMemory = "32Mi";
    private const string DefaultMemoryLimit = "64Mi";

    // Until kube-proxy and ingresses everywhere know that the pod ends; Istio's terminationDrainDuration has the same default.
    private const string DefaultDrainDelay = "5s";

    private static readonly Func<string, TimeSpan> ParseDuration = Values.Duration(TimeSpan.Zero, TimeSpan.FromHours(1));

    private static string DefaultImage => $"localhost/sidecar:{Version}";

    private static string DefaultIptablesImage => $"localhost/sidecar-iptables:{Version}";

    public IReadOnlyList<string> Roles { get; init; } = [];

    public string? OutboundPorts { get; init; }

    public string? ExcludeOutboundPorts { get; init; }

    public string? InboundPorts { get; init; }

    public string? ExcludeInboundPorts { get; init; }

    public string? Oracle { get; init; }

    public string? Transform { get; init; }

    public string? Config { get; init; }

    public string? KubernetesNames { get; init; }

    /// <summary>The sidecar's drain delay; null if the pod's own file says it.</summary>
    public string? DrainDelay
    {
        get => field ?? (Config is null ? DefaultDrainDelay : null);
        init;
    }

    /// <summary>The same in seconds, rounded up; 0 if it is not known.</summary>
    public int DrainDelaySeconds => DrainDelay is { } delay ? (int)Math.Ceiling(ParseDuration(delay).TotalSeconds) : 0;

    public ContainerKind Container { get; init; }

    public string Image { get; init; } = DefaultImage;

    public string IptablesImage { get; init; } = DefaultIptablesImage;

    public string Cpu { get; init; } = DefaultCpu;

    public string? CpuLimit { get; init; }

    public string Memory { get; init; } = DefaultMemory;

    public string MemoryLimit { get; init; } = DefaultMemoryLimit;

    /// <summary>Whether the sidecar takes outgoing connections.</summary>
    public bool IsOutbound => Roles.Contains("outbound");

    /// <summary>Whether it takes incoming connections.</summary>
    public bool IsInbound => Roles.Contains("inbound");

    /// <summary>Whether an incoming connection to a port goes to the sidecar.</summary>
    public bool TakesInbound(int port) => IsInbound && Has(InboundPorts, port) && !Has(ExcludeInboundPorts, port);

    private static bool Has(string? ports, int port) => ports == "all" || ports?.Split(',').Any(item =>
    {
        var ends = item.Split(':');
        return port >= Values.Port(ends[0]) && port <= Values.Port(ends[^1]);
    }) == true;

    private static IReadOnlyList<T> List<T>(string text, Func<string, T> parse) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).Select(parse).Distinct()];

    private static string ParseRole(string text) => text is "outbound" or "inbound" ? text : throw new FormatException("outbound, inbound, or both with a comma, is expected");

    private static string ParsePorts(string text) => text == "all" ? text : string.Join(',', List(text, ParsePort));

    // The rules leave out the sidecar's own ports, so such a port in the list is a mistake; in a range it is none.
    private static string Application(string ports) =>
        ports != "all" && ports.Split(',').FirstOrDefault(port => !port.Contains(':', StringComparison.Ordinal) && Containers.UsesPort(Values.Port(port))) is { } own
            ? throw new FormatException($"port {own} is one of the sidecar's ({Containers.OwnPorts})")
            : ports;

    private static string ParsePort(string text)
    {
        var ends = text.Split(':');
        if (ends.Length > 2 || Values.Port(ends[0]) > Values.Port(ends[^1]))
            throw new FormatException("ports with commas are expected, such as 9000,8000:8999, or all");
        return text;
    }

    private static string ParseDelay(string text) => Values.Display(ParseDuration(text));

    // Filters of users come with a configuration file, so the language of every sidecar is enough.
    private static string ParseTransform(string text)
    {
        _ = TransformExpression.Parse(text);
        return text;
    }

    private static string ParseQuantity(string text) => Matching(text, Quantity(), "a quantity is expected, such as 50m, 1, 32Mi");

    private static string Matching(string text, Regex pattern, string expected) => pattern.IsMatch(text) ? text : throw new FormatException(expected);

    [GeneratedRegex(@"^[0-9]+([.][0-9]+)?(m|k|M|G|Ki|Mi|Gi)?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Quantity();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9._/:@-]{0,509}[A-Za-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ImageName();
}

/// <summary>One setting of a pod.</summary>
/// <param name="Name">Its name: the option without dashes, and the annotation without prefix.</param>
/// <param name="ValueName">What stands for its value in <c>--help</c>.</param>
/// <param name="Help">What it does.</param>
/// <param name="Apply">Sets it. A wrong value throws a <see cref="FormatException"/> with what was expected.</param>
internal sealed record PodSetting(string Name, string ValueName, string Help, Func<PodSettings, string, PodSettings> Apply);
