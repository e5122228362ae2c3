using System.Text.Json;

namespace Sidecar.Benchmarks.Load;

/// <summary>What <c>iperf3 -J</c> prints, as its receiving side saw it.</summary>
internal readonly record struct IperfReport(long Bytes, double BitsPerSecond)
{
    /// <summary>What its text holds when the server still serves another client.</summary>
    public const string Busy = "the server is busy";

    /// <summary>Reads the JSON.</summary>
    /// <exception cref="MeasureException">iperf3 tells of an error, or the text is something else.</exception>
    public static IperfReport Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.TryGetProperty("error", out var error))
                throw new MeasureException($"iperf3: {error.GetString()}");
            var received = document.RootElement.GetProperty("end").GetProperty("sum_received");
            return new IperfReport(received.GetProperty("bytes").GetInt64(), received.GetProperty("bits_per_second").GetDouble());
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new MeasureException($"iperf3 printed no report: {error.Message}", error);
        }
    }
}
