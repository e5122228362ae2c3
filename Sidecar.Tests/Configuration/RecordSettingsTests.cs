using Chassis;
using Chassis.Records;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Records.Exchanges.Outputs.Otlp;
using Sidecar.Records.Exchanges.Outputs.Spools;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class RecordSettingsTests
{
    private const string Listen = "listeners.0.listen=127.0.0.1:45000";

    [Fact]
    public void Load_NothingSaid_RecordsNothing()
    {
        Assert.Empty(Words.Named(Listen).Records);
        Assert.Empty(Words.Named(Listen, "records.path=off", "records.sample=0.5").Records);
        Assert.Empty(Words.Named(Listen, "records=off").Records);
    }

    [Fact]
    public void Load_PathAlone_HasTheDocumentedDefaults()
    {
        var records = Only("records.path=-");
        Assert.Equal(new FileOutput { Path = "-", Origin = "--records", Rotation = new LineRotation(100 * 1024 * 1024, null, 5) }, records.Output);
        Assert.Equal((null, "perisco", true, 8 * 1024 * 1024), (records.Name, records.Format, records.HasExt, records.Queue));
        Assert.Equal((1, true), (records.Sample, records.AlwaysErrors));
        Assert.Null(records.AllowHeaders);
        Assert.Empty(records.DenyHeaders);
        Assert.Empty(records.Paths);
        Assert.Equal(ExchangeRecordOptions.SecretHeaders, records.MaskHeaders);
        Assert.Contains("token", records.MaskQuery);
    }

    [Fact]
    public void Load_Everything_IsTaken()
    {
        var records = Only(
            "records.path=/tmp/x", "records.output=file", "records.queue=2MB", "records.format=perisco", "records.ext=off", "records.headers.allow=Host,:authority", "records.headers.deny=X-A",
            "records.headers.mask=X-B", "records.mask-query=pin-code", "records.sample=0.25", "records.always-errors=off", "records.paths=/a/**,!/a/b",
            "records.rotate-size=2GB", "records.rotate-age=24h", "records.keep=0");
        Assert.False(records.HasExt);
        Assert.False(records.AlwaysErrors);
        Assert.Equal(0.25, records.Sample);
        Assert.Equal(["Host", ":authority"], records.AllowHeaders);
        Assert.Equal(["X-A"], records.DenyHeaders);
        Assert.Equal([.. ExchangeRecordOptions.SecretHeaders, "X-B"], records.MaskHeaders);
        Assert.Equal([.. ExchangeRecordOptions.SecretParameters, "pin-code"], records.MaskQuery);
        Assert.Equal(["/a/**", "!/a/b"], records.Paths);
        Assert.Equal(2 * 1024 * 1024, records.Queue);
        Assert.Equal(new LineRotation(2L * 1024 * 1024 * 1024, TimeSpan.FromHours(24), 0), ((FileOutput)records.Output).Rotation);
    }

    [Fact]
    public void Load_NoneFirst_LeavesTheDefaultMasksOut()
    {
        var records = Only("records.path=-", "records.headers.mask=none,X-B", "records.mask-query=none");
        Assert.Equal(["X-B"], records.MaskHeaders);
        Assert.Empty(records.MaskQuery);
    }

    [Fact]
    public void Load_BothRotationsOff_RotatesNothing() =>
        Assert.Null(((FileOutput)Only("records.path=/tmp/x", "records.rotate-size=off", "records.rotate-age=off").Output).Rotation);

    [Theory]
    [InlineData("records.format=json", "--records-format 'json': one of perisco, perisco-v2, otel, ecs, envoy is expected")]
    [InlineData("records.ext=maybe", "--records-ext 'maybe': one of on, off, true, false is expected")]
    [InlineData("records.headers.deny=a b", "--records-headers-deny 'a b': a header field's name is expected")]
    [InlineData("records.headers.allow=", "--records-headers-allow '': a value is missing")]
    [InlineData("records.mask-query=a=b", "--records-mask-query 'a=b': a parameter's name is expected")]
    [InlineData("records.sample=1.5", "--records-sample '1.5': a share 0 to 1 is expected, such as 0.1")]
    [InlineData("records.sample=NaN", "--records-sample 'NaN': a share 0 to 1 is expected, such as 0.1")]
    [InlineData("records.sample=10%", "--records-sample '10%': a share 0 to 1 is expected, such as 0.1")]
    [InlineData("records.always-errors=5xx", "--records-always-errors '5xx': one of on, off, true, false is expected")]
    [InlineData("records.paths=api", "--records-paths 'api': a pattern that begins with / or * is expected")]
    [InlineData("records.paths=/a,!b", "--records-paths '!b': a pattern that begins with / or * is expected")]
    [InlineData("records.rotate-size=100", "--records-rotate-size '100': a size with its unit is expected, such as 64KB, 100MB or 2GB")]
    [InlineData("records.rotate-size=1KB", "--records-rotate-size '1KB': a size from 1MB to 1TB is expected")]
    [InlineData("records.rotate-size=2000000000TB", "--records-rotate-size '2000000000TB': a size from 1MB to 1TB is expected")]
    [InlineData("records.rotate-age=1", "--records-rotate-age '1': a duration with its unit is expected")]
    [InlineData("records.output=fax", "--records-output 'fax': one of file, kafka, otlp, elasticsearch is expected")]
    [InlineData("records.queue=1MB", "--records-queue '1MB': a size from 2MB to 1GB is expected")]
    [InlineData("records.keep=-1", "--records-keep '-1': a whole number 0 to 1000 is expected")]
    public void Load_WrongValue_NamesOptionValueAndReason(string setting, string message) =>
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => Words.Named(Listen, "records.path=-", setting)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("records.path is refused", "records.0.path '-': only output file has it, and the output is elasticsearch", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.path=-")]
    [InlineData("the output of a file", "records.0.url 'http://a': only output otlp or elasticsearch has it, and the output is file", "records.0.path=-", "records.0.url=http://a")]
    [InlineData("no address", "records.0.output 'elasticsearch': records.0.url is missing", "records.0.output=elasticsearch")]
    [InlineData("no address at all", "records.0.url 'search:9200': an address is expected", "records.0.output=elasticsearch", "records.0.url=search:9200")]
    [InlineData("user in the address", "records.0.url 'http://…@a': user and password have settings of their own", "records.0.output=elasticsearch", "records.0.url=http://u:p@a")]
    [InlineData("no password", "records.0.user 'u': records.0.user and records.0.password belong together", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.user=u")]
    [InlineData("two ways", "records.0.api-key '…': there is also records.0.user", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.user=u", "records.0.password=p", "records.0.api-key=k")]
    [InlineData("data stream", "records.0.data-stream 'on': a data stream has one name, and records.0.index 'a-%{+yyyy}' has a date; remove the date, or set records.0.data-stream to off", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.data-stream=on", "records.0.index=a-%{+yyyy}")]
    [InlineData("no data stream", "records.0.data-stream 'maybe': one of on, off, auto is expected", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.data-stream=maybe")]
    [InlineData("size without spool", "records.0.spool-size '1GB': there is no spool: give records.0.spool, or remove this", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.spool-size=1GB")]
    [InlineData("small spool", "records.0.spool-size '1MB': a size from 16MB to 1TB is expected", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.spool=/s", "records.0.spool-size=1MB")]
    [InlineData("spool of a file", "records.0.spool '/s': only output otlp or elasticsearch has it, and the output is file", "records.0.path=-", "records.0.spool=/s")]
    [InlineData("one spool for two", "records.1.spool '/s': records.0.spool '/s' is the same file; use different files", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.spool=/s", "records.1.output=otlp", "records.1.url=http://b", "records.1.spool=/s")]
    [InlineData("index", "records.0.index 'Logs': 'Logs' is no name of an index", "records.0.output=elasticsearch", "records.0.url=http://a", "records.0.index=Logs")]
    public void Load_WrongElasticsearch_NamesSettingAndReason(string what, string message, params string[] settings)
    {
        var error = Assert.Throws<UsageException>(() => Words.Named([Listen, .. settings])).Message;
        Assert.True(error.StartsWith(message, StringComparison.Ordinal), $"{what}: {error}");
    }

    [Theory]
    [InlineData("records.0.output 'kafka': records.0.brokers is missing", "records.0.topic=t")]
    [InlineData("records.0.output 'kafka': records.0.topic is missing", "records.0.brokers=a:1")]
    [InlineData("records.0.brokers 'a': ", "records.0.brokers=a", "records.0.topic=t")]
    [InlineData("records.0.topic 'a b': a topic is expected", "records.0.brokers=a:1", "records.0.topic=a b")]
    [InlineData("records.0.acks '1': a record can arrive exactly once only with all; set records.0.idempotence to off", "records.0.brokers=a:1", "records.0.topic=t", "records.0.acks=1")]
    [InlineData("records.0.compression 'rar': one of none, gzip, snappy, lz4, zstd is expected", "records.0.brokers=a:1", "records.0.topic=t", "records.0.compression=rar")]
    [InlineData("records.0.key 'host': one of connection, client, path, none is expected", "records.0.brokers=a:1", "records.0.topic=t", "records.0.key=host")]
    [InlineData("records.0.url 'http://a': only output otlp or elasticsearch has it, and the output is kafka", "records.0.brokers=a:1", "records.0.topic=t", "records.0.url=http://a")]
    public void Load_WrongKafka_NamesSettingAndReason(string message, params string[] settings) =>
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => Words.Named([Listen, "records.0.output=kafka", .. settings])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("records.0.output 'otlp': records.0.url is missing: the server's address, such as http://collector:4318")]
    [InlineData("records.0.format 'ecs': output otlp has the format otel alone", "records.0.url=http://a", "records.0.format=ecs")]
    [InlineData("records.0.index 'a': only output elasticsearch has it, and the output is otlp", "records.0.url=http://a", "records.0.index=a")]
    [InlineData("records.0.protocol 'http': one of http/protobuf, grpc, http/json is expected", "records.0.url=http://a", "records.0.protocol=http")]
    [InlineData("records.0.signal 'metrics': one of traces, logs is expected", "records.0.url=http://a", "records.0.signal=metrics")]
    public void Load_WrongOtlp_NamesSettingAndReason(string message, params string[] settings) =>
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => Words.Named([Listen, "records.0.output=otlp", .. settings])).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_Otlp_HasTheFormatOtel()
    {
        var records = Assert.Single(Words.Named(Listen, "records.0.output=otlp", "records.0.url=http://a:4318", "records.0.token=t", "records.0.service=shop").Records);

        var output = (OtlpOutput)records.Output;
        Assert.Equal(("otel", "http://a:4318/", "t", "shop"), (records.Format, output.Url.AbsoluteUri, output.Token, output.Service));
        Assert.Equal((OtlpProtocol.HttpProtobuf, OtlpSignal.Traces, "http://a:4318, traces"), (output.Protocol, output.Signal, output.Description));
    }

    [Theory]
    [InlineData("http/protobuf", OtlpProtocol.HttpProtobuf)]
    [InlineData("grpc", OtlpProtocol.Grpc)]
    [InlineData("http/json", OtlpProtocol.HttpJson)]
    public void Load_OtlpByAProtocol_IsTaken(string word, OtlpProtocol protocol)
    {
        var output = (OtlpOutput)Assert.Single(Words.Named(Listen, "records.0.output=otlp", "records.0.format=otel", "records.0.url=http://a", $"records.0.protocol={word}", "records.0.signal=logs").Records).Output;

        Assert.Equal((protocol, OtlpSignal.Logs), (output.Protocol, output.Signal));
    }

    [Fact]
    public void Load_OtlpOfTwoSignals_HasLinesForEach()
    {
        string[] two = ["records.0.output=otlp", "records.0.url=http://a", "records.1.output=otlp", "records.1.url=http://b"];
        var alike = Words.Named([Listen, .. two, "records.0.signal=logs", "records.1.signal=logs"]).Records;
        var different = Words.Named([Listen, .. two, "records.0.signal=logs"]).Records;

        Assert.Equal((true, false), (alike[0].WritesAs(alike[1]), different[0].WritesAs(different[1])));
    }

    [Fact]
    public void Load_MetricsForACollector_AreSentThere()
    {
        Assert.Null(Words.Named(Listen).MetricsExport);
        Assert.Equal(
            new MetricsExportOptions { Url = new Uri("http://a:4318"), Protocol = OtlpProtocol.HttpProtobuf, Interval = TimeSpan.FromMinutes(1) },
            Words.Named(Listen, "metrics.otlp.url=http://a:4318").MetricsExport);
        Assert.Equal(
            new MetricsExportOptions { Url = new Uri("https://a"), Protocol = OtlpProtocol.Grpc, Interval = TimeSpan.FromSeconds(10), Service = "shop", Token = "t", CaFile = "/ca" },
            Words.Named(Listen, "metrics.otlp.url=https://a", "metrics.otlp.protocol=grpc", "metrics.otlp.interval=10s", "metrics.otlp.service=shop", "metrics.otlp.token=t", "metrics.otlp.ca-file=/ca").MetricsExport);
    }

    [Theory]
    [InlineData("--metrics-otlp 'a:1': an address is expected", "metrics.otlp.url=a:1")]
    [InlineData("--metrics-otlp-interval '5s': no metrics are sent: give metrics.otlp.url (--metrics-otlp URL) or remove this", "metrics.otlp.interval=5s")]
    [InlineData("--metrics-otlp-interval '10ms': a duration from 1s to 1h is expected", "metrics.otlp.url=http://a", "metrics.otlp.interval=10ms")]
    [InlineData("--metrics-otlp-protocol 'http/json': one of http/protobuf, grpc is expected", "metrics.otlp.url=http://a", "metrics.otlp.protocol=http/json")]
    [InlineData("metrics.otlp 'http://a': a mapping is expected here", "metrics.otlp=http://a")]
    public void Load_WrongMetricsForACollector_NamesSettingAndReason(string message, params string[] settings) =>
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => Words.Named([Listen, .. settings])).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_Kafka_ReadsAllItsSettings()
    {
        var output = Assert.Single(Words.Named(
            Listen, "records.0.output=kafka", "records.0.brokers=a:1,b:2", "records.0.topic=t", "records.0.key=client", "records.0.required=on", "records.0.properties-file=/p").Records).Output;

        Assert.Equal(new KafkaOutput { Brokers = "a:1,b:2", Topic = "t", Key = RecordKey.Client, IsRequired = true, PropertiesFile = "/p", PropertiesOrigin = "records.0.properties-file", Origin = "records.0.brokers" }, output);
        Assert.Equal("topic t of a:1,b:2", output.Description);
    }

    [Fact]
    public void Load_Elasticsearch_ReadsAllItsSettings()
    {
        var output = (ElasticsearchOutput)Assert.Single(Words.Named(
            Listen, "records.0.output=elasticsearch", "records.0.url=https://search:9200/es", "records.0.index=a-%{+yyyy}", "records.0.user=u", "records.0.password=p", "records.0.ca-file=/ca", "records.0.template=off",
            "records.0.data-stream=off", "records.0.spool=/s", "records.0.spool-size=16MB").Records).Output;

        Assert.Equal(("https://search:9200/es", "a-%{+yyyy}", "u", "p", "/ca", false), (output.Url.AbsoluteUri, output.Index.ToString(), output.User, output.Password, output.CaFile, output.InstallsTemplate));
        Assert.Equal((false, new SpoolOptions("/s", 16 * 1024 * 1024, "records.0.spool")), (output.IsDataStream, output.Spool));
        Assert.Equal("https://search:9200/es, index a-%{+yyyy}", output.Description);
    }

    [Fact]
    public void Load_SettingsOfNoRecords_AreRefused() => Assert.Equal(
        "--records-sample '0.5': nothing is recorded: give records.path (--records FILE or -) or remove this",
        Assert.Throws<UsageException>(() => Words.Named(Listen, "records.sample=0.5")).Message);

    [Fact]
    public void Load_KeepingWithoutRotation_IsRefused() => Assert.StartsWith(
        "--records-keep '3': there are no old files",
        Assert.Throws<UsageException>(() => Words.Named(Listen, "records.path=/x", "records.rotate-size=off", "records.keep=3")).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_AWordInPlaceOfRecords_IsRefused() => Assert.StartsWith(
        "records '/x': off, a mapping with 'path: FILE' and other settings, or a list of such mappings is expected",
        Assert.Throws<UsageException>(() => Words.Named(Listen, "records=/x")).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_StandardOutputForBoth_IsAllowed() => Assert.Null(Only("records.path=-", "connection-records.path=-").Output.File);

    private static ExchangeRecordOptions Only(params string[] settings) => Assert.Single(Words.Named([Listen, .. settings]).Records);
}
