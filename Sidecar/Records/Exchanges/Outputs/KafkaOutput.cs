using System.Diagnostics.CodeAnalysis;
using Chassis;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Kafka;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>The output <c>kafka</c>: a topic of Apache Kafka, by librdkafka.</summary>
internal sealed record KafkaOutput : RecordOutput
{
    /// <summary>Its name.</summary>
    public const string Word = "kafka";

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        new("--records-brokers", "records.brokers", "HOST:PORT,...", "Output kafka: some of the brokers"),
        new("--records-topic", "records.topic", "NAME", "Output kafka: the topic"),
        new("--records-key", "records.key", "KEY", "Output kafka: records with the same key keep their order: connection, client, path (with {n} in place of numbers), none [default: connection]"),
        new("--records-required", "records.required", "on|off", "Output kafka: ends at the start if no broker answers [default: off]"),
        new("--records-idempotence", "records.idempotence", "on|off", "Output kafka: each record once and in order, also when a broker goes; needs acks all [default: on]"),
        new("--records-acks", "records.acks", "all|1|0", "Output kafka: who confirms a record: all replicas in sync, the leader, nobody [default: all]"),
        new("--records-compression", "records.compression", "CODEC", "Output kafka: none, gzip, snappy, lz4, zstd [default: lz4]"),
        new("--records-properties-file", "records.properties-file", "FILE", "Output kafka: further properties of librdkafka, NAME=VALUE in each line, such as security.protocol, sasl.password; they take precedence"),
    ];

    private const string Switch = "Sidecar.Records.Kafka.IsSupported";

    private const string AllReplicas = "all";

    private static readonly string[] Acks = [AllReplicas, "1", "0"];
    private static readonly string[] Codecs = ["none", "gzip", "snappy", "lz4", "zstd"];

    // Kafka's limit.
    private const int LongestTopic = 249;

    /// <summary>Whether this program can use it; a native build cannot.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsSupported => !AppContext.TryGetSwitch(Switch, out var isOn) || isOn;

    /// <summary>Some of the brokers.</summary>
    public required string Brokers { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Whether a start without a broker ends the program.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether each record arrives once and in order, also when a broker goes; default on.</summary>
    public bool IsIdempotent { get; init; } = true;

    /// <summary>Who confirms a record: <c>all</c> replicas in sync, the leader (<c>1</c>), nobody (<c>0</c>); default all.</summary>
    public string Confirmation { get; init; } = AllReplicas;

    /// <summary>How messages are compressed; default lz4.</summary>
    public string Compression { get; init; } = "lz4";

    /// <summary>A file with further properties; null for none.</summary>
    public string? PropertiesFile { get; init; }

    /// <summary>The setting that names this file.</summary>
    public string PropertiesOrigin { get; init; } = "records.properties-file";

    internal override string Kind => Word;

    internal override string Description => $"topic {Topic} of {Brokers}";

    /// <summary>Reads it; null with an error if it has no brokers or no topic.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static KafkaOutput? Read(SettingSet settings, string key)
    {
        var brokers = settings.ReadList($"{key}.brokers", ParseBroker);
        var topic = settings.ReadOptional($"{key}.topic", ParseTopic);
        var output = new KafkaOutput
        {
            Brokers = string.Join(',', brokers ?? []),
            Topic = topic ?? "",
            Origin = settings.FindAny($"{key}.brokers")?.Origin ?? "default",
            Key = settings.Read($"{key}.key", RecordKey.Connection, Values.OneOf(("connection", RecordKey.Connection), ("client", RecordKey.Client), ("path", RecordKey.Path), ("none", RecordKey.None))),
            IsRequired = settings.Read($"{key}.required", false, Values.Switch),
            IsIdempotent = settings.Read($"{key}.idempotence", true, Values.Switch),
            Confirmation = settings.Read($"{key}.acks", AllReplicas, Values.OneOf([.. Acks.Select(word => (word, word))])),
            Compression = settings.Read($"{key}.compression", "lz4", Values.OneOf([.. Codecs.Select(word => (word, word))])),
            PropertiesFile = settings.ReadOptional($"{key}.properties-file", text => text),
            PropertiesOrigin = settings.Find($"{key}.properties-file")?.Origin ?? $"{key}.properties-file",
        };
        if (output is { IsIdempotent: true, Confirmation: not AllReplicas })
            settings.Refuse(settings.Find($"{key}.acks")!, $"a record can arrive exactly once only with {AllReplicas}; set {key}.idempotence to off");
        var chosen = settings.Find($"{key}.output")!;
        if (!IsSupported)
            settings.Refuse(chosen, "a native build has no output kafka; take the build for the .NET runtime (image sidecar-runtime)");
        else if (brokers is null && !settings.IsWrong($"{key}.brokers"))
            settings.Refuse(chosen, $"{key}.brokers is missing: some of Kafka's brokers, such as kafka-0:9092,kafka-1:9092");
        else if (topic is null && !settings.IsWrong($"{key}.topic"))
            settings.Refuse(chosen, $"{key}.topic is missing");
        return brokers is null || topic is null ? null : output;
    }

    internal override void Check()
    {
        if (IsSupported)
            KafkaLines.Check(this);
    }

    internal override ILineOutput Open(OutputContext context) =>
        IsSupported ? KafkaLines.Open(this, context) : throw new UsageException($"{Origin}: a native build has no output kafka");

    private static string ParseBroker(string text)
    {
        Chassis.Net.HostPort.Parse(text);
        return text;
    }

    private static string ParseTopic(string text) =>
        text.Length is > 0 and <= LongestTopic && text is not ("." or "..") && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? text
            : throw new FormatException($"a topic is expected: letters, digits, . _ and -, up to {LongestTopic}");
}
