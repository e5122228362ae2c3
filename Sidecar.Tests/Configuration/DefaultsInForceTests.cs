using System.Collections;
using System.Reflection;
using Chassis.Settings;
using Sidecar.Configuration;
using Xunit;

namespace Sidecar.Tests.Configuration;

/// <summary>What <c>GET /config</c> shows is what holds: given as settings, it makes the same options.</summary>
public sealed class DefaultsInForceTests
{
    // Settings that have no default of their own: a source has them, or nothing holds.
    private static readonly string[] WithoutDefault =
    [
        "config", "listeners.0.listen", "listeners.0.target", "oracle.address", "listeners.0.allow-clients", "listeners.0.deny-destinations", "listeners.0.max-connections", "listeners.0.max-client-connections", "listeners.0.max-client-handshakes",
        "metrics.hosts", "metrics.otlp.url", "metrics.otlp.service", "metrics.otlp.token", "metrics.otlp.ca-file", "health.hosts", "records.path", "records.token", "records.service", "records.brokers", "records.topic", "records.properties-file", "records.url", "records.user", "records.password", "records.api-key", "records.ca-file", "records.spool", "records.headers.allow", "records.headers.deny", "records.paths", "records.cidrs",
        "kubernetes.pod", "kubernetes.namespace", "kubernetes.node", "kubernetes.service-account", "kubernetes.server", "kubernetes.labels",
    ];

    [Theory]
    [InlineData("listeners.0.listen=127.0.0.1:1")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.0.role=p1 listeners.0.target=10.0.0.1:2 transport=sockets connection-records.path=off")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.0.role=p2 listeners.0.accept-proxy=on records.path=/tmp/r tcp.keep-alive=9s log.level=debug")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.0.mode=socks4 oracle.address=127.0.0.1:9 records.path=- records.rotate-size=off admin=off")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.1.listen=127.0.0.1:2 listeners.1.mode=fixed listeners.1.target=[::1]:3 records.0.path=/tmp/a records.1.path=/tmp/b")]
    [InlineData("listeners.0.listen=127.0.0.1:1 records.output=elasticsearch records.url=http://127.0.0.1:9200")]
    [InlineData("listeners.0.listen=127.0.0.1:1 records.output=elasticsearch records.url=http://127.0.0.1:9200 records.data-stream=on records.spool=/tmp/s")]
    [InlineData("listeners.0.listen=127.0.0.1:1 records.output=otlp records.url=http://127.0.0.1:4318 metrics.otlp.url=http://127.0.0.1:4318")]
    [InlineData("listeners.0.listen=127.0.0.1:1 records.output=kafka records.brokers=127.0.0.1:9092 records.topic=t")]
    [InlineData("listeners.0.listen=127.0.0.1:1 kubernetes.names=on kubernetes.server=https://10.0.0.1 kubernetes.namespace=n kubernetes.scope=cluster")]
    [InlineData("listeners.0.listen=127.0.0.1:1 kubernetes.names=own kubernetes.pod=p")]
    [InlineData("listeners.0.listen=127.0.0.1:1 upstream.max-connections=9 upstream.outlier.failures=5 upstream.outlier.ejection-time=1m")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.0.role=p2 listeners.0.ports.0.port=80 listeners.0.ports.0.peers=permissive")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.0.role=p1 listeners.0.routes.0.destination=* listeners.0.routes.0.action=deny listeners.0.routes.1.destination=10.0.0.1:1 listeners.0.routes.1.action=peer listeners.0.routes.1.limits.outlier.failures=3 listeners.0.routes.1.timeouts.idle=7s")]
    [InlineData("listeners.0.listen=127.0.0.1:1 listeners.0.role=p1 listeners.0.routes.0.destination=a.test listeners.0.routes.0.action=peer listeners.0.peek-names=on oracle.address=127.0.0.1:9 oracle.dialect=v1x")]
    public void InForce_GivenAsSettings_MakesTheSameOptions(string words)
    {
        var loaded = new ConfigurationReader([.. words.Split(' ').Select(Words.Option)], []).Read();

        var again = OptionsReader.Read(new SettingSet().Add(loaded.Settings));

        Assert.Equal(Describe(loaded.Options), Describe(again));
    }

    [Fact]
    public void InForce_HasEachSettingThatHasADefault()
    {
        var loaded = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 listeners.0.role=p2 listeners.0.accept-proxy=on records.path=/tmp/r".Split(' ').Select(Words.Option)], []).Read();
        var withPlainClients = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 listeners.0.role=p2 listeners.0.peers=permissive".Split(' ').Select(Words.Option)], []).Read();
        var withOutliers = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 upstream.outlier.failures=5".Split(' ').Select(Words.Option)], []).Read();
        var withOracle = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 oracle.address=127.0.0.1:9".Split(' ').Select(Words.Option)], []).Read();
        var withPeek = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 listeners.0.role=p1 listeners.0.routes.0.destination=a.test listeners.0.routes.0.action=peer listeners.0.peek-names=on oracle.address=127.0.0.1:9 oracle.dialect=v1x".Split(' ').Select(Words.Option)], []).Read();
        var withServer = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 records.output=elasticsearch records.url=http://127.0.0.1:9200 records.spool=/tmp/s".Split(' ').Select(Words.Option)], []).Read();
        var withBrokers = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 records.output=kafka records.brokers=127.0.0.1:9092 records.topic=t".Split(' ').Select(Words.Option)], []).Read();
        var withNames = new ConfigurationReader([.. "listeners.0.listen=127.0.0.1:1 kubernetes.names=on kubernetes.server=https://10.0.0.1 kubernetes.namespace=n".Split(' ').Select(Words.Option)], []).Read();
        var withCollector = new ConfigurationReader(
            [.. "listeners.0.listen=127.0.0.1:1 records.output=otlp records.url=http://127.0.0.1:4318 metrics.otlp.url=http://127.0.0.1:4318".Split(' ').Select(Words.Option)], []).Read();

        var shown = loaded.Settings.Concat(withPlainClients.Settings).Concat(withOutliers.Settings).Concat(withOracle.Settings).Concat(withPeek.Settings).Concat(withServer.Settings).Concat(withBrokers.Settings).Concat(withCollector.Settings).Concat(withNames.Settings).Select(s => s.Key).ToHashSet();
        Assert.DoesNotContain(SettingTable.Options.Select(o => o.Key).Except(WithoutDefault), key => !shown.Contains(key));
    }

    // All public and internal properties, line by line; where a setting stood is no part of what it says.
    private static List<string> Describe(object? value, string name = "") => value switch
    {
        null => [$"{name} = null"],
        string text => [$"{name} = {text}"],
        IEnumerable list => [.. list.Cast<object>().SelectMany((element, i) => Describe(element, $"{name}[{i}]"))],
        _ when value.GetType().Namespace is "Sidecar.Options" or "Sidecar.Records.Exchanges.Outputs" && Properties(value) is { Count: > 0 } properties =>
            [.. properties.SelectMany(p => Describe(p.GetValue(value), $"{name}.{p.Name}"))],
        _ => [$"{name} = {value}"],
    };

    private static List<PropertyInfo> Properties(object value) =>
    [
        .. value.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(p => !p.Name.EndsWith("Origin", StringComparison.Ordinal) && p.Name is not ("EqualityContract" or "Language") && p.GetIndexParameters().Length == 0),
    ];
}
