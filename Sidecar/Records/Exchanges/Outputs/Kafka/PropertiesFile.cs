using Chassis;
using Chassis.Settings;

namespace Sidecar.Records.Exchanges.Outputs.Kafka;

/// <summary>A file with properties of librdkafka: a <c>NAME=VALUE</c> in each line, and comments with #.</summary>
internal static class PropertiesFile
{
    // The sidecar sets it.
    private const string Brokers = "bootstrap.servers";

    /// <summary>Reads it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="origin">The setting that names it, for errors.</param>
    /// <exception cref="UsageException">It cannot be read, or a line is wrong; the line's value, which may be a secret, is not shown.</exception>
    public static IReadOnlyList<(string Name, string Value)> Read(string path, string origin)
    {
        var properties = new List<(string, string)>();
        var number = 0;
        foreach (var line in YamlSource.ReadText(path, origin).Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] is '#' or '!')
                continue;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? line : line[..equals].Trim();
            if (equals <= 0)
                throw new UsageException($"{origin} '{path}':{number}: NAME=VALUE is expected");
            if (name == Brokers)
                throw new UsageException($"{origin} '{path}':{number}: {Brokers} is set by records.brokers; remove it here");
            properties.Add((name, line[(equals + 1)..].Trim()));
        }

        return properties;
    }
}
