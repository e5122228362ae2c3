using System.Text;
using Chassis;
using Chassis.Records;
using Confluent.Kafka;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges.Outputs.Kafka;

/// <summary>
/// Sends each line as a message, with its key. librdkafka sends again what a broker did not confirm, without an end; when its queue is full,
/// the next lines wait in the bounded queue before this output.
/// </summary>
internal sealed partial class KafkaLines : ILineOutput
{
    // Schema of our formats; it changes when a field changes its meaning.
    private const string SchemaVersion = "1";

    // Of messages that no broker has confirmed. A block of lines is smaller.
    private const string QueueKilobytes = "4096";

    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(5);

    // The sidecar's end waits for it, after the time of the queue before it.
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    private readonly KafkaOutput _options;
    private readonly OutputContext _context;
    private readonly IProducer<byte[]?, byte[]> _producer;
    private readonly Headers _headers;
    private readonly Action<DeliveryReport<byte[]?, byte[]>> _delivered;
    private readonly CancellationTokenSource _stop = new();
    private long _lost;
    private long _unconfirmed;
    private int _failures;

    private KafkaLines(KafkaOutput options, OutputContext context)
    {
        (_options, _context) = (options, context);
        _headers = new Headers { { "format", Encoding.ASCII.GetBytes(context.Format) }, { "schema-version", Encoding.ASCII.GetBytes(SchemaVersion) } };
        _delivered = OnDelivered;
        _producer = Build(options, builder => builder
            .SetErrorHandler((_, error) => OnError(error.Reason))
            .SetLogHandler((_, message) => Log.Library(context.Logger, message.Message)));
    }

    /// <inheritdoc/>
    public bool IsFile => false;

    /// <inheritdoc/>
    public long Lost => Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public long Unconfirmed => Interlocked.Read(ref _unconfirmed);

    /// <inheritdoc/>
    public string? LastError { get; private set; }

    /// <summary>Checks the properties, without a connection.</summary>
    /// <exception cref="UsageException">One is wrong.</exception>
    public static void Check(KafkaOutput options) => Build(options, builder => builder.SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { })).Dispose();

    /// <summary>Opens it.</summary>
    /// <exception cref="UsageException">A property is wrong, or no broker answers although one must.</exception>
    public static KafkaLines Open(KafkaOutput options, OutputContext context)
    {
        var output = new KafkaLines(options, context);
        if (options.IsRequired)
            output.RequireBroker();
        return output;
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count)
    {
        while (!lines.IsEmpty)
        {
            var end = lines.Span.IndexOf((byte)'\n') + 1;
            var (key, value) = LineKey.Split(lines[..(end - 1)]);
            var message = new Message<byte[]?, byte[]> { Key = key.IsEmpty ? null : key.ToArray(), Value = value.ToArray(), Headers = _headers };
            while (!TryProduce(message))
            {
                try
                {
                    await Task.Delay(FullPause, _context.Time, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    // The process ends: this line and those behind it are lost.
                    Interlocked.Add(ref _lost, lines.Span.Count((byte)'\n'));
                    return;
                }
            }

            lines = lines[end..];
        }
    }

    /// <inheritdoc/>
    public Task ReopenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void GiveUp()
    {
        _stop.Cancel();
        // What no broker has confirmed by now is lost.
        Interlocked.Add(ref _lost, Interlocked.Exchange(ref _unconfirmed, 0));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // It blocks its thread; other outputs end meanwhile.
        await Task.Run(() => _producer.Flush(FlushLimit));
        _producer.Dispose();
        Interlocked.Add(ref _lost, Interlocked.Exchange(ref _unconfirmed, 0));
        _stop.Dispose();
    }

    private bool TryProduce(Message<byte[]?, byte[]> message)
    {
        try
        {
            // Before, because the report may come at once.
            Interlocked.Increment(ref _unconfirmed);
            _producer.Produce(_options.Topic, message, _delivered);
            return true;
        }
        catch (ProduceException<byte[]?, byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
        {
            Interlocked.Decrement(ref _unconfirmed);
            return false;
        }
        catch (KafkaException error)
        {
            // A line that is too long for the topic, for example.
            Interlocked.Decrement(ref _unconfirmed);
            OnLost(error.Error.Reason);
            return true;
        }
    }

    private void OnDelivered(DeliveryReport<byte[]?, byte[]> report)
    {
        Interlocked.Decrement(ref _unconfirmed);
        if (report.Error.IsError)
            OnLost(report.Error.Reason);
        else if (Interlocked.Exchange(ref _failures, 0) > 0)
            Log.Again(_context.Logger, _options.Description);
    }

    private void OnLost(string reason)
    {
        LastError = OneLine.Of(reason);
        if (Interlocked.Increment(ref _lost) == 1)
            Log.Lost(_context.Logger, _options.Description, LastError);
    }

    private void OnError(string reason)
    {
        LastError = OneLine.Of(reason);
        if (Interlocked.Increment(ref _failures) == 1)
            Log.Waiting(_context.Logger, _options.Description, LastError);
    }

    private void RequireBroker()
    {
        try
        {
            using var admin = new DependentAdminClientBuilder(_producer.Handle).Build();
            admin.GetMetadata(StartLimit);
        }
        catch (KafkaException error)
        {
            _producer.Dispose();
            throw new UsageException($"{_options.Origin} '{_options.Brokers}': no broker answers: {OneLine.Of(error.Error.Reason)}; start Kafka, or set required to off", error);
        }
    }

    private static IProducer<byte[]?, byte[]> Build(KafkaOutput options, Func<ProducerBuilder<byte[]?, byte[]>, ProducerBuilder<byte[]?, byte[]>> with)
    {
        var properties = new Dictionary<string, string>
        {
            ["client.id"] = "sidecar",
            // Each record once, in the order of its key.
            ["enable.idempotence"] = "true",
            ["compression.codec"] = "lz4",
            // Zero: until it is delivered.
            ["message.timeout.ms"] = "0",
            ["queue.buffering.max.kbytes"] = QueueKilobytes,
            ["linger.ms"] = "50",
        };
        foreach (var (name, value) in options.PropertiesFile is null ? [] : PropertiesFile.Read(options.PropertiesFile))
            properties[name] = value;
        properties["bootstrap.servers"] = options.Brokers;
        try
        {
            return with(new ProducerBuilder<byte[]?, byte[]>(properties)).Build();
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new UsageException($"records.properties-file '{options.PropertiesFile}': {OneLine.Of(error.Message)}", error);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(134, LogLevel.Error, "Records for {Output} wait: {Reason}")]
        public static partial void Waiting(ILogger logger, string output, string reason);

        [LoggerMessage(135, LogLevel.Information, "Records go to {Output} again")]
        public static partial void Again(ILogger logger, string output);

        [LoggerMessage(136, LogLevel.Error, "{Output} has not taken a record, and further ones are only counted: {Reason}")]
        public static partial void Lost(ILogger logger, string output, string reason);

        [LoggerMessage(137, LogLevel.Debug, "librdkafka: {Message}")]
        public static partial void Library(ILogger logger, string message);
    }
}
