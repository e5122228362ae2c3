using Chassis;
using Confluent.Kafka;

namespace Demo;

/// <summary>Brokers for records: librdkafka's mock cluster in this process, on free ports of the loopback. It keeps little, and nothing after its end.</summary>
internal sealed class KafkaBrokers : IDisposable
{
    /// <summary>The topic of the demo's records.</summary>
    public const string Topic = "exchanges";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    private readonly IProducer<Null, byte[]> _host;

    /// <param name="count">The number of brokers.</param>
    /// <exception cref="UsageException">They do not start.</exception>
    public KafkaBrokers(int count)
    {
        _host = new ProducerBuilder<Null, byte[]>(new Dictionary<string, string> { ["bootstrap.servers"] = "ignored", ["test.mock.num.brokers"] = $"{count}" })
            .SetLogHandler((_, _) => { }).Build();
        try
        {
            using var admin = new DependentAdminClientBuilder(_host.Handle).Build();
            // To ask for a topic makes it. A reader alone would not.
            Addresses = string.Join(',', admin.GetMetadata(Topic, StartLimit).Brokers.Select(broker => $"{broker.Host}:{broker.Port}"));
        }
        catch (KafkaException error)
        {
            _host.Dispose();
            throw new UsageException($"the brokers for records do not start: {error.Error.Reason}", error);
        }
    }

    /// <summary>HOST:PORT of each, with commas between.</summary>
    public string Addresses { get; }

    /// <summary>The library's client that has them.</summary>
    public Handle Handle => _host.Handle;

    /// <summary>The options of a sidecar that sends its records to them.</summary>
    public IReadOnlyList<string> SidecarOptions => ["--records-output", "kafka", "--records-brokers", Addresses, "--records-topic", Topic];

    /// <summary>A command line that shows the records, now and as they come.</summary>
    public string Reader => $"kcat -C -u -b {Addresses} -t {Topic}";

    public void Dispose() => _host.Dispose();
}
