using Chassis;
using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

/// <summary>perisco's configuration keys mean settings of records.</summary>
public sealed class PeriscoKeysTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_AFileOfPeriscosElasticsearch_IsAnElasticsearchOutputWithItsFormat()
    {
        var records = Only("""
            cidrs: 10.244.0.0/16,::ffff:10.245.0.0/112
            protos: HTTP/1
            exporter: elasticsearch
            exporter_elasticsearch_addresses: http://search:9200
            exporter_elasticsearch_username: elastic
            exporter_elasticsearch_password: secret
            """);
        Assert.Equal(("perisco-v2", RecordProtocols.Http1), (records.Format, records.Protocols));
        Assert.Equal(["10.244.0.0/16", "::ffff:10.245.0.0/112"], records.Cidrs);
        var output = Assert.IsType<ElasticsearchOutput>(records.Output);
        Assert.Equal((new Uri("http://search:9200"), "elastic", "secret"), (output.Url, output.User, output.Password));
        Assert.Equal("perisco-logs-%{host}", $"{output.Index}");
    }

    [Fact]
    public void Load_AFileOfPeriscosFile_IsAFileOutput()
    {
        var records = Only("exporter: file\nexporter_file_name: /tmp/records.json\nexporter_file_pretty: false\ncidrs: [10.0.0.0/8, 192.168.0.0/16]\nprotos: HTTP/1,HTTP/2");
        Assert.Equal(("perisco-v2", RecordProtocols.All), (records.Format, records.Protocols));
        Assert.Equal("/tmp/records.json", Assert.IsType<FileOutput>(records.Output).Path);
        Assert.Equal(["10.0.0.0/8", "192.168.0.0/16"], records.Cidrs);
    }

    // perisco's exporter is a file where none is named.
    [Theory]
    [InlineData("exporter: file", "-")]
    [InlineData("exporter_file_name: /tmp/records.json", "/tmp/records.json")]
    public void Load_OneKey_HasPeriscosDefaults(string text, string path) => Assert.Equal(path, Assert.IsType<FileOutput>(Only(text).Output).Path);

    [Fact]
    public void Load_BesideAFormat_KeepsIt() => Assert.Equal("ecs", Only("exporter: file\nrecords: {format: ecs}").Format);

    [Fact]
    public void Load_FromTheEnvironment_IsTheSame()
    {
        var records = Words.Load(
            [Words.Option("listeners.0.listen=127.0.0.1:45000")],
            new Setting("exporter", "file", "SIDECAR__EXPORTER"), new Setting("exporter-file-name", "/tmp/records.json", "SIDECAR__EXPORTER_FILE_NAME")).Records;
        Assert.Equal("/tmp/records.json", Assert.IsType<FileOutput>(Assert.Single(records).Output).Path);
    }

    [Theory]
    [InlineData("exporter: file\nexporter_file_pretty: true", "exporter_file_pretty 'true': a record is always one line")]
    [InlineData("exporter: elasticsearch\nexporter_elasticsearch_cloudid: x:y", "exporter_elasticsearch_cloudid 'x:y': a cloud id is not supported; give exporter_elasticsearch_addresses")]
    [InlineData("exporter: elasticsearch\nexporter_elasticsearch_addresses: \"http://a:9200,http://b:9200\"", "exporter_elasticsearch_addresses 'http://a:9200,http://b:9200': one address is expected")]
    [InlineData("exporter: redis", "exporter 'redis': one of file, kafka, otlp, elasticsearch is expected")]
    [InlineData("exporter: file\nprotos: HTTP/1,MySQL", "protos 'MySQL': one of HTTP/1, HTTP/2 is expected")]
    [InlineData("exporter: file\nrecords: {output: file}", "exporter 'file': there is also records.output, which means the same; remove one of the two")]
    [InlineData("exporter: file\nrecords: [{path: \"-\"}]", "exporter 'file': there is also a list of records")]
    [InlineData("server_port: 80", ": only Sidecar observe captures packets; remove it, or start Sidecar observe")]
    [InlineData("cidrs: 10.0.0.0/8", "cidrs '10.0.0.0/8': nothing is recorded")]
    public void Load_WrongValues_NamePeriscosKey(string text, string expected)
    {
        var error = Assert.Throws<UsageException>(() => Only(text));
        Assert.Contains(error.Lines, line => line.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_AWrongPassword_IsNotShown()
    {
        var error = Assert.Throws<UsageException>(() => Only("exporter: elasticsearch\nexporter_elasticsearch_addresses: http://a:9200\nexporter_elasticsearch_password: secret"));
        Assert.DoesNotContain(error.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    private ExchangeRecordOptions Only(string text) => Assert.Single(
        Words.Load([new Setting("config", _folder.Write("sidecar.yaml", $"listeners: [{{listen: 127.0.0.1:45000}}]\n{text}\n"), "--config")]).Records);
}
