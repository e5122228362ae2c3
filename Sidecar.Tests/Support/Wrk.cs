using System.Globalization;
using System.Text.RegularExpressions;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>wrk, which asks a server until it is told to end.</summary>
internal static partial class Wrk
{
    /// <summary>Its command line.</summary>
    public static IReadOnlyList<string> Words(string url, int connections, params IEnumerable<string> more) =>
        ["wrk", "-t", "1", "-c", $"{connections}", "-d", "300s", .. more, url];

    /// <summary>Ends it, and checks that no request has failed.</summary>
    /// <returns>The number of answers.</returns>
    public static async Task<int> EndAsync(ProgramProcess load)
    {
        // It goes on to this moment, and then says what it saw.
        Assert.False(load.HasEnded, "the load ended by itself");
        load.Signal(ProcessSignal.Interrupt);
        Assert.Equal(0, await load.ExitCodeAsync());
        var output = string.Join('\n', load.Output);
        Assert.DoesNotContain("Socket errors", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Non-2xx", output, StringComparison.Ordinal);
        return int.Parse(Requests().Match(output).Groups["count"].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(?<count>\d+) requests in", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Requests();
}
