using System.Globalization;

namespace Sidecar.Benchmarks.Peers;

/// <summary>What a client did.</summary>
/// <param name="Done">Bytes moved, or connections made.</param>
/// <param name="Seconds">From the first to the last.</param>
internal readonly record struct PeerResult(long Done, double Seconds)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Done} {Seconds:R}");

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static PeerResult Parse(string text) =>
        text.Split(' ') is [var done, var seconds]
        && long.TryParse(done, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var time)
            ? new PeerResult(count, time)
            : throw new FormatException($"'{text}': 'count seconds' is expected");
}
