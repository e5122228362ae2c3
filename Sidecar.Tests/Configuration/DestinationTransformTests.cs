using Chassis;
using Chassis.Net;
using Chassis.Settings;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class DestinationTransformTests
{
    [Theory]
    [InlineData("db.test:5432", "(xor 7)")]
    [InlineData("DB.test.:5432", "(xor 7)")]
    [InlineData("db.test:80", "(chain (xor 1) (rotl 3))")]
    [InlineData("x.cdn.test:443", "(chain (xor 1) (rotl 3))")]
    [InlineData("10.9.9.9:80", "not")]
    [InlineData("192.0.2.1:443", "(add 1)")]
    [InlineData("192.0.2.1:80", "(xor 9)")]
    [InlineData(null, "(xor 9)")]
    public void TransformFor_ADestination_IsThatOfTheFirstEntryThatMatches(string? destination, string transform)
    {
        using var folder = new TempFolder();
        var listener = Assert.Single(Words.Load([Words.Option($"config={folder.Write("sidecar.yaml", """
            transforms: {scramble: (chain (xor 1) (rotl 3))}
            listeners:
              - listen: 127.0.0.1:1
                transform: (xor 9)
                destination-transforms:
                  - {destination: "db.test:5432", transform: (xor 7)}
                  - {destination: [db.test, "*.cdn.test"], transform: scramble}
                  - {destination: "10.0.0.0/8, fd00::/8", transform: not}
                  - {destination: "*:443", transform: (add 1)}
            """)}")], []).Listeners);

        Assert.Equal(transform, listener.TransformFor(destination is null ? null : HostPort.Parse(destination)).ToString());
    }

    [Fact]
    public void Load_Variables_MakeAnEntry()
    {
        Setting[] variables =
        [
            new("listeners.0.destination-transforms.0.destination", "a.test", "SIDECAR__LISTENERS__0__DESTINATION_TRANSFORMS__0__DESTINATION"),
            new("listeners.0.destination-transforms.0.transform", "not", "SIDECAR__LISTENERS__0__DESTINATION_TRANSFORMS__0__TRANSFORM"),
        ];
        var listener = Assert.Single(Words.Load([Words.Option("listeners.0.listen=:1")], variables).Listeners);

        Assert.Equal(("not", "idt"), ($"{listener.TransformFor(new HostPort("a.test", 1))}", $"{listener.TransformFor(new HostPort("b.test", 1))}"));
    }

    [Theory]
    [InlineData("destination-transforms: not", ":3: listeners.0.destination-transforms 'not': a list is expected")]
    [InlineData("destination-transforms: {destination: a, transform: not}", ":3: listeners.0.destination-transforms.destination 'a': a list is expected")]
    [InlineData("destination-transforms: [not]", ":3: listeners.0.destination-transforms.0 'not': 'destination' and 'transform' are expected below it")]
    [InlineData("destination-transforms: [{transform: not}]", ":3: listeners.0.destination-transforms.0.transform: listeners.0.destination-transforms.0.destination is missing in this entry")]
    [InlineData("destination-transforms: [{destination: a}]", ":3: listeners.0.destination-transforms.0.destination: listeners.0.destination-transforms.0.transform is missing in this entry")]
    [InlineData("destination-transforms: [{destination: 'a b', transform: not}]", ":3: listeners.0.destination-transforms.0.destination 'a b': a host name")]
    [InlineData("destination-transforms: [{destination: [a, '10.0.0.1/8'], transform: not}]", ":3: listeners.0.destination-transforms.0.destination.1 '10.0.0.1/8': bits are set after the prefix")]
    [InlineData("destination-transforms: [{destination: a, transform: (xor 300)}]", ":3: listeners.0.destination-transforms.0.transform '(xor 300)': 1:6: a byte 0..255 expected, got 300")]
    [InlineData("destination-transforms: [{destination: a, transform: not, port: 1}]", ":3: listeners.0.destination-transforms.0.port: unknown key")]
    [InlineData("destination-transforms: []", ":3: listeners.0.destination-transforms: a value is missing")]
    [InlineData("destination-transforms: [{destination: a, transform: not}]\noracle: {address: 'a:1'}", ":3: listeners.0.destination-transforms.0.destination 'a': has no effect, because the Oracle chooses the transform")]
    [InlineData("destination-transforms: [{destination: a, transform: not}]\n    role: p1\n    target: a:1", ":3: listeners.0.destination-transforms.0.destination 'a': an outbound listener with a fixed target does not know the destination")]
    public void Load_WrongEntries_NameTheirLineAndKey(string yaml, string message)
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", $"listeners:\n  - listen: 127.0.0.1:1\n    {yaml}\n");

        var error = Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}")], []));

        Assert.StartsWith(file + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MoreEntriesThanAConnectionShouldLookAt_IsRefused()
    {
        using var folder = new TempFolder();
        var entries = string.Concat(Enumerable.Range(0, 257).Select(i => $"      - {{destination: h{i}, transform: not}}\n"));
        var file = folder.Write("sidecar.yaml", $"listeners:\n  - listen: 127.0.0.1:1\n    destination-transforms:\n{entries}");

        Assert.Equal($"{file}:260: listeners.0.destination-transforms.256.destination 'h256': there are 257 entries; at most 256 are supported",
            Assert.Throws<UsageException>(() => Words.Load([Words.Option($"config={file}")], [])).Message);
    }

    [Fact]
    public void Load_OracleDialect_IsV1UnlessAskedFor()
    {
        const string listen = "listeners.0.listen=:1", oracle = "oracle.address=a:1";
        Assert.Equal(OracleDialect.V1, Assert.Single(Words.Named(listen, oracle).Listeners).OracleDialect);
        Assert.Equal(OracleDialect.V1, Assert.Single(Words.Named(listen, oracle, "oracle.dialect=v1").Listeners).OracleDialect);
        Assert.Equal(OracleDialect.V1x, Assert.Single(Words.Named(listen, oracle, "oracle.dialect=v1x").Listeners).OracleDialect);
        Setting[] variables = [new("oracle.dialect", "v1x", "SIDECAR__ORACLE__DIALECT")];
        Assert.Equal(OracleDialect.V1x, Assert.Single(Words.Load([Words.Option(listen), Words.Option(oracle)], variables).Listeners).OracleDialect);
    }
}
