using Chassis;
using Chassis.Settings;
using Sidecar.Configuration;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class ConfigurationReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Anew_HasWhatTheFileSaysNowBelowTheOtherSources()
    {
        Write("listeners: [{listen: 1}]\ntimeouts: {idle: 1s, connect: 1s, handshake: 1s}\n");
        var reader = new ConfigurationReader([Config, Words.Option("timeouts.idle=5s")], [new Setting("timeouts.connect", "4s", "ENV")]);
        reader.Read();

        Write("listeners: [{listen: 2, target: \"a:1\"}]\ntimeouts: {idle: 2s, connect: 2s, handshake: 2s}\n");
        var (options, _, waiting) = reader.Read();

        Assert.Equal((5, 4, 2), (options.Timeouts.Idle.Seconds, options.Timeouts.Connect.Seconds, options.Timeouts.Handshake.Seconds));
        Assert.Equal("[::]:2 a:1", $"{options.Listeners[0].Listen} {options.Listeners[0].Target}");
        Assert.Empty(waiting);
    }

    [Fact]
    public void Read_AnewWithWhatCannotChange_NamesItAndKeepsItAsItWas()
    {
        Write("listeners: [{listen: 1}]\nlog: {level: error}\nmetrics: {address: 7, hosts: [a]}\n");
        var reader = new ConfigurationReader([Config], []);
        reader.Read();

        Write("listeners: [{listen: 2}]\nlog: {level: debug}\nmetrics: {address: 7, hosts: [a, b]}\nloops: 3\n");
        var (options, settings, waiting) = reader.Read();

        Assert.Equal(["log.level", "metrics.hosts.1", "loops"], waiting);
        Assert.Equal((2, Microsoft.Extensions.Logging.LogLevel.Error, 1), (options.Listeners[0].Listen.Port, options.LogLevel, options.Metrics.Hosts.Count));
        Assert.Equal(["log.level=error", "metrics.address=7", "metrics.hosts.0=a", "listeners.0.listen=2"], settings.Where(s => s.Key != "config" && s.Origin != "default").Select(s => $"{s.Key}={s.Value}"));

        // Once it is as it was, nothing waits.
        Write("listeners: [{listen: 2}]\nlog: {level: error}\nmetrics: {address: 7, hosts: [a]}\n");
        Assert.Empty(reader.Read().NeedRestart);
    }

    [Fact]
    public void Read_AnewWithAListenerAtWhatAnEndpointStillHas_SaysWhy()
    {
        Write("listeners: [{listen: 1}]\nmetrics: {address: 7}\n");
        var reader = new ConfigurationReader([Config], []);
        reader.Read();

        Write("listeners: [{listen: 7}]\nmetrics: {address: 8}\n");
        var error = Assert.Throws<UsageException>(reader.Read);

        Assert.Equal(2, error.Lines.Count);
        Assert.Contains("has this port already", error.Lines[0], StringComparison.Ordinal);
        Assert.Equal("the reason is that these options keep their old values until the next start: metrics.address", error.Lines[1]);
    }

    [Theory]
    [InlineData("drain: 7s")]
    [InlineData("drain-delay: 7s")]
    [InlineData("timeouts: {idle: 7s}")]
    [InlineData("limits: {connections: 7}")]
    [InlineData("upstream: {connect-attempts: 7}")]
    [InlineData("oracle: {address: \"o:1\"}")]
    [InlineData("transforms: {mine: not}")]
    public void Read_AnewWithWhatMayChange_HasIt(string line)
    {
        Write("listeners: [{listen: 1}]\n");
        var reader = new ConfigurationReader([Config], []);
        reader.Read();

        Write($"listeners: [{{listen: 1}}]\n{line}\n");
        var (options, settings, waiting) = reader.Read();

        Assert.Empty(waiting);
        Assert.Equal(3, settings.Count(s => s.Origin != "default"));
        Assert.True(
            options.Drain.Seconds == 7 || options.DrainDelay.Seconds == 7 || options.Timeouts.Idle.Seconds == 7 || options.MaxConnections == 7 || options.ConnectAttempts == 7
            || options.Listeners[0].Oracle is not null || options.Language.Words.Contains("mine"));
    }

    // What is made once: each of them would else be taken in silence and change nothing.
    [Theory]
    [InlineData("log: {level: debug}", "log.level")]
    [InlineData("loops: 2", "loops")]
    [InlineData("metrics: {address: 7}", "metrics.address")]
    [InlineData("health: {hosts: [a]}", "health.hosts.0")]
    [InlineData("admin: off", "admin")]
    [InlineData("limits: {backlog: 7}", "limits.backlog")]
    [InlineData("observation: {memory: 2MB}", "observation.memory")]
    [InlineData("tcp: {no-delay: off}", "tcp.no-delay")]
    [InlineData("transport: sockets", "transport")]
    [InlineData("connection-records: {path: off}", "connection-records.path")]
    [InlineData("connection-records: {path: off}\nrecords: {path: \"-\"}", "connection-records.path", "records.path")]
    public void Read_AnewWithWhatIsMadeOnce_NamesIt(string lines, params string[] keys)
    {
        Write("listeners: [{listen: 1}]\n");
        var reader = new ConfigurationReader([Config], []);
        reader.Read();

        Write($"listeners: [{{listen: 1}}]\n{lines}\n");

        Assert.Equal(keys, reader.Read().NeedRestart);
    }

    private Setting Config => Words.Option($"config={_folder.File("sidecar.yaml")}");

    private void Write(string yaml) => _folder.Write("sidecar.yaml", yaml);
}
