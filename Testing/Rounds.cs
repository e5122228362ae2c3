using System.Globalization;

namespace Testing;

/// <summary>How long a test with random inputs goes on: <c>SIDECAR_ROUNDS=10</c> in the environment is 10 percent of its rounds, <c>1000</c> ten times as many.</summary>
public static class Rounds
{
    private const string Variable = "SIDECAR_ROUNDS";
    private const int Most = 1_000_000;

    private static readonly int Percent = Read(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The number of rounds, at least 1, of a test that has so many by itself.</summary>
    public static int Of(int rounds) => (int)Math.Clamp((long)rounds * Percent / 100, 1, int.MaxValue);

    private static int Read(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return 100;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent is >= 1 and <= Most
            ? percent
            : throw new InvalidOperationException($"{Variable}={text}: a percentage from 1 to {Most} is expected");
    }
}
