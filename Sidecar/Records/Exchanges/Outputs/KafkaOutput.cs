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
        new("--records-properties-file", "records.properties-file", "FILE", "Output kafka: further properties of librdkafka, NAME=VALUE in each line, such as acks, compression.codec, security.protocol, sasl.password"),
    ];

    private const string Switch = "Sidecar.Records.Kafka.IsSupported";

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

    /// <summary>A file with further properties; null for none.</summary>
    public string? PropertiesFile { get; init; }

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
            PropertiesFile = settings.ReadOptional($"{key}.properties-file", text => text),
        };
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
