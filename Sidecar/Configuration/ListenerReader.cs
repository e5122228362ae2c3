using System.Net;
using ByteFilters;
using Chassis.Expressions;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Reads the listeners and refuses the combinations that make no sense.</summary>
internal static class ListenerReader
{
    private const int MaxListeners = 64;

    private static readonly Func<string, ListenerMode> ParseMode = Values.OneOf(
        ("fixed", ListenerMode.Fixed), ("transparent", ListenerMode.Transparent), ("socks4", ListenerMode.Socks4));

    private static readonly Func<string, ProxyVersion?> ParseProxyVersion = Values.OneOf<ProxyVersion?>(
        ("v1", ProxyVersion.V1), ("v2", ProxyVersion.V2), ("off", null));

    private static readonly Func<string, OracleDialect> ParseDialect = Values.OneOf(("v1", OracleDialect.V1), ("v1x", OracleDialect.V1x));

    // Stands for an address that is missing or wrong; it never conflicts with another address.
    private static readonly IPEndPoint Nowhere = new(IPAddress.Any, 0);

    /// <summary>All listeners; none if the settings have none.</summary>
    public static IReadOnlyList<ListenerOptions> ReadAll(SettingSet settings, TransformLanguage language, TimeoutOptions timeouts, UpstreamLimits limits)
    {
        var indices = settings.Indices("listeners");
        if (indices.Count == 0)
            settings.RefuseBelow("listeners", "a list of listeners is expected, with a dash before each listener");

        var keys = indices.Select(i => $"listeners.{i}").ToList();
        if (keys.Count > MaxListeners)
            settings.RefuseAt(settings.FindAny(keys[MaxListeners])!, $"there are {keys.Count} listeners; at most {MaxListeners} are supported");
        var oracle = ReadOracle(settings, out var dialect, out var plain);
        var parse = LanguageSettings.ParserOf(settings, language);
        var listeners = WithNames(
            [.. keys.Select(key => (Read(settings, key) with { Oracle = oracle, OracleDialect = dialect, OraclePlain = plain })
                .WithTransforms(settings, key, parse).WithPeers(settings, key).WithRoutes(settings, key, timeouts, limits, parse).WithPeekTimeout(settings, key))]);
        for (var i = 0; i < listeners.Count; i++)
        {
            settings.NoteDefault($"{keys[i]}.name", listeners[i].Name);
            if (listeners.FindIndex(l => l.Name == listeners[i].Name) < i && (settings.Find($"{keys[i]}.name") ?? settings.Find($"{keys[i]}.listen")) is { } named && !settings.IsWrong(named.Key))
                settings.Refuse(named, $"two listeners are named '{listeners[i].Name}'; give each a name of its own");
        }

        return listeners;
    }

    private static HostPort? ReadOracle(SettingSet settings, out OracleDialect dialect, out bool plain)
    {
        dialect = settings.Read("oracle.dialect", OracleDialect.V1, ParseDialect);
        plain = settings.Read("oracle.plain", false, Values.Switch);
        if (settings.Find("oracle.address") is not null)
        {
            if (dialect == OracleDialect.V1)
                settings.SwitchOff("oracle.plain", "only in dialect v1x can the Oracle answer plain; set dialect: v1x or remove it", cause: "oracle.dialect");
            return ReadHost(settings, "oracle.address");
        }

        settings.SwitchOff("oracle.dialect", "there is no Oracle; give its address (--oracle) or remove the dialect", cause: "oracle");
        settings.SwitchOff("oracle.plain", "there is no Oracle; give its address (--oracle) or remove it", cause: "oracle");
        return null;
    }

    private static HostPort? ReadHost(SettingSet settings, string key) => settings.ReadOptional<HostPort?>(key, text => HostPort.Parse(text));

    private static ListenerOptions Read(SettingSet settings, string key)
    {
        if (settings.FindWord(key) is { } word)
            settings.Refuse(word, "a listener is expected: a mapping with 'listen: ADDRESS:PORT' and other settings");
        var listen = settings.Find($"{key}.listen");
        if (listen is null && !settings.IsWrong($"{key}.listen") && settings.FindAny(key) is { } some && !settings.IsWrong(some.Key))
            settings.RefuseAt(some, $"{key}.listen, the address to listen on, is missing (option --listen)");
        var role = settings.Read($"{key}.role", SidecarRole.Alone, ParseRole);
        var target = settings.Find($"{key}.target");
        // Without a target, or with nil, the destination is the original one, as in the Lisp programs.
        var mode = settings.Read($"{key}.mode", target is null ? ListenerMode.Transparent : ListenerMode.Fixed, ParseMode);
        var acceptProxy = settings.Read($"{key}.accept-proxy", false, Values.Switch);
        Check(settings, key, role, mode);
        var allowed = settings.ReadList($"{key}.allow-destinations", DestinationRule.Defaults, DestinationRule.Parse);
        var proxyClients = settings.ReadList($"{key}.proxy-clients", ListenerOptions.LoopbackNetworks, NetworkAddress.Parse);
        if (role != SidecarRole.Inbound)
        {
            settings.SwitchOff($"{key}.allow-destinations", "only an inbound listener has a list of allowed destinations", cause: $"{key}.role");
            settings.SwitchOff($"{key}.max-client-connections", "only an inbound listener has a limit for each client", cause: $"{key}.role");
            settings.SwitchOff($"{key}.max-client-handshakes", "only an inbound listener has a limit for each client", cause: $"{key}.role");
        }

        if (!acceptProxy)
            settings.SwitchOff($"{key}.proxy-clients", "only a listener with accept-proxy: on has a list of proxies; switch accept-proxy on or remove the list", cause: $"{key}.accept-proxy");
        return new ListenerOptions
        {
            Name = settings.ReadOptional($"{key}.name", ParseName) ?? "",
            Listen = settings.ReadOptional($"{key}.listen", ListenAddress.Parse) ?? Nowhere,
            ListenOrigin = listen?.Origin ?? key,
            Role = role,
            Mode = target is null && mode == ListenerMode.Fixed ? ListenerMode.Transparent : mode,
            Target = ReadHost(settings, $"{key}.target"),
            MaxConnections = settings.Read($"{key}.max-connections", int.MaxValue, OptionsReader.ParseConnections, _ => null),
            MaxClientConnections = settings.ReadOptional<int?>($"{key}.max-client-connections", text => OptionsReader.ParseConnections(text)),
            MaxClientHandshakes = settings.ReadOptional<int?>($"{key}.max-client-handshakes", text => OptionsReader.ParseConnections(text)),
            AllowClients = settings.ReadList($"{key}.allow-clients", [], NetworkAddress.Parse),
            AllowDestinations = allowed,
            DenyDestinations = settings.ReadList($"{key}.deny-destinations", [], DestinationRule.Parse),
            AcceptProxy = acceptProxy,
            ProxyClients = proxyClients,
            SendProxy = settings.Read($"{key}.send-proxy", null, ParseProxyVersion),
            Observe = settings.Read($"{key}.observe", role != SidecarRole.Outbound, Values.Switch),
        };
    }

    private static void Check(SettingSet settings, string key, SidecarRole role, ListenerMode mode)
    {
        // If the role or mode is wrong, the settings that depend on it cannot be checked.
        if (settings.IsWrong($"{key}.role") || settings.IsWrong($"{key}.mode"))
            return;
        var modeSetting = settings.Find($"{key}.mode");
        var target = settings.Find($"{key}.target");
        if (modeSetting is not null && mode != ListenerMode.Fixed && role == SidecarRole.Alone && target is not null)
            settings.Refuse(target, $"role alone in mode {modeSetting.Value} takes no target: each connection brings its own destination");
        if (modeSetting is not null && mode == ListenerMode.Socks4 && role == SidecarRole.Inbound)
            settings.Refuse(modeSetting, "the clients of an inbound sidecar are outbound sidecars, not SOCKS clients");
        if (settings.FindAny($"{key}.deny-destinations") is { } deny && role != SidecarRole.Inbound)
            settings.Refuse(deny, "only an inbound listener has a list of denied destinations");
        if (settings.FindAny($"{key}.allow-clients") is { } clients && mode != ListenerMode.Socks4)
            settings.Refuse(clients, "only a socks4 listener has a list of allowed clients");
    }

    private static List<ListenerOptions> WithNames(List<ListenerOptions> listeners)
    {
        for (var i = 0; i < listeners.Count; i++)
        {
            var named = listeners[i].Name.Length > 0;
            var word = listeners[i].Role.Word();
            var unique = listeners.Count(l => l.Role == listeners[i].Role) == 1;
            var name = named ? listeners[i].Name : unique ? word : $"{word}-{listeners[i].Listen.Port}";
            // Metrics find a series fastest by the reference of a string; an interned string is the same in all generations.
            listeners[i] = listeners[i] with { Name = string.Intern(name) };
        }

        return listeners;
    }

    private static SidecarRole ParseRole(string text) =>
        SidecarRoles.TryParse(text, out var role) ? role : throw new FormatException($"{SidecarRoles.Words} is expected");

    /// <summary>A label of metrics and a word in records: short and plain.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static string ParseName(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw new FormatException("1 to 64 letters, digits, dashes, underscores or dots are expected");
}
