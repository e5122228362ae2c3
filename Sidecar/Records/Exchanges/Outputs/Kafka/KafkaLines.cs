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
    private readonly Headers _headers;
    private readonly Action<DeliveryReport<byte[]?, byte[]>> _delivered;
    private readonly OutputHealth _health;
    private readonly CancellationTokenSource _stop = new();
    private IProducer<byte[]?, byte[]> _producer;
    private long _unconfirmed;

    // Why the producer takes no more; no error of a message says so.
    private volatile string? _fatal;

    private KafkaLines(KafkaOutput options, OutputContext context)
    {
        (_options, _context) = (options, context);
        _health = new OutputHealth(options.Description, context.Time, context.Logger);
        _headers = new Headers { { "format", Encoding.ASCII.GetBytes(context.Format) }, { "schema-version", Encoding.ASCII.GetBytes(SchemaVersion) } };
        _delivered = OnDelivered;
        _producer = Create();
    }

    /// <inheritdoc/>
    public bool IsFile => false;

    /// <inheritdoc/>
    public long Sent => _health.Sent;

    /// <inheritdoc/>
    public long Lost => _health.Lost;

    /// <inheritdoc/>
    public long Unconfirmed => Interlocked.Read(ref _unconfirmed);

    /// <inheritdoc/>
    public DateTimeOffset? LastSuccess => _health.LastSuccess;

    /// <inheritdoc/>
    public string? LastError => _health.LastError;

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
                    _health.Lose(lines.Span.Count((byte)'\n'));
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
        _health.Lose(Interlocked.Exchange(ref _unconfirmed, 0));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // It blocks its thread; other outputs end meanwhile.
        await Task.Run(() => _producer.Flush(FlushLimit));
        _producer.Dispose();
        _health.Lose(Interlocked.Exchange(ref _unconfirmed, 0));
        _stop.Dispose();
    }

    private bool TryProduce(Message<byte[]?, byte[]> message)
    {
        if (_fatal is { } reason)
            Renew(reason);
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
            _health.Refuse(1, OneLine.Of(error.Error.Reason));
            return true;
        }
    }

    private IProducer<byte[]?, byte[]> Create() => Build(_options, builder => builder
        .SetErrorHandler((_, error) => OnError(error))
        .SetLogHandler((_, message) => Log.Library(_context.Logger, message.Message)));

    // A producer that has lost the order of its messages takes no more. What it had not delivered is lost.
    private void Renew(string reason)
    {
        _producer.Dispose();
        _fatal = null;
        if (Interlocked.Exchange(ref _unconfirmed, 0) is > 0 and var lost)
            _health.Refuse(lost, reason);
        _producer = Create();
    }

    // One broker of several that is away makes nothing wait.
    private void OnError(Error error)
    {
        var reason = OneLine.Of(error.Reason);
        if (error.IsFatal)
            _fatal = reason;
        if (error.Code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Authentication or ErrorCode.Local_Resolve || error.IsFatal)
            _health.Wait(reason);
        else
            _health.Note(reason);
    }

    private void OnDelivered(DeliveryReport<byte[]?, byte[]> report)
    {
        // After the end it counts as lost already.
        if (_stop.IsCancellationRequested)
            return;
        Interlocked.Decrement(ref _unconfirmed);
        if (report.Error.IsError)
        {
            _health.Refuse(1, OneLine.Of(report.Error.Reason));
            return;
        }

        _health.Arrive(1);
        _health.GoOn();
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
            ["enable.idempotence"] = options.IsIdempotent ? "true" : "false",
            ["acks"] = options.Confirmation,
            ["compression.codec"] = options.Compression,
            // Zero: until it is delivered.
            ["message.timeout.ms"] = "0",
            ["queue.buffering.max.kbytes"] = QueueKilobytes,
            ["linger.ms"] = "50",
        };
        foreach (var (name, value) in options.PropertiesFile is null ? [] : PropertiesFile.Read(options.PropertiesFile, options.PropertiesOrigin))
            properties[name] = value;
        properties["bootstrap.servers"] = options.Brokers;
        try
        {
            return with(new ProducerBuilder<byte[]?, byte[]>(properties)).Build();
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or KafkaException)
        {
            var origin = options.PropertiesFile is { } file ? $"{options.PropertiesOrigin} '{file}'" : $"{options.Origin} '{options.Brokers}'";
            throw new UsageException($"{origin}: {OneLine.Of(error.Message)}", error);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(137, LogLevel.Debug, "librdkafka: {Message}")]
        public static partial void Library(ILogger logger, string message);
    }
}
