using Sidecar.Records.Command;
using Xunit;

namespace Sidecar.Tests.Records.Command;

public sealed class RecordComparisonTests
{
    [Fact]
    public void SameExchanges_InAnotherOrderAndOfOtherClients_AreEqual()
    {
        var comparison = new RecordComparison("a", "b");
        comparison.Add(Made("/1", 200) with { Connection = "x" }, isOfFirst: true);
        comparison.Add(Made("/2", 404), isOfFirst: true);
        comparison.Add(Made("/2", 404), isOfFirst: false);
        comparison.Add(Made("/1", 200) with { Connection = "y" }, isOfFirst: false);

        Assert.True(comparison.AreEqual);
        Assert.Equal("a: 2 exchanges; b: 2 exchanges; no difference\n", Written(comparison));
    }

    // Two observers that have seen nothing have not agreed.
    [Fact]
    public void NoExchange_IsNoAgreement()
    {
        var comparison = new RecordComparison("a", "b");

        Assert.False(comparison.AreEqual);
        Assert.Equal("a: 0 exchanges; b: 0 exchanges; nothing to compare\n", Written(comparison));
    }

    [Fact]
    public void Difference_IsShownFromBothSides()
    {
        var comparison = new RecordComparison("a", "b");
        for (var i = 0; i < 3; i++)
            comparison.Add(Made("/1", 200), isOfFirst: true);
        comparison.Add(Made("/1", 200), isOfFirst: false);
        comparison.Add(Made("/1", 200) with { ResponseBytes = 9 }, isOfFirst: false);

        Assert.False(comparison.AreEqual);
        Assert.Equal(
            """
            only in a                          2 x  HTTP/1.1 GET /1 200 completed, 10 and 20 bytes
            only in b                          1 x  HTTP/1.1 GET /1 200 completed, 10 and 9 bytes
            a: 3 exchanges; b: 2 exchanges; 2 difference(s)

            """,
            Written(comparison));
    }

    [Fact]
    public void ManyDifferences_AreCounted()
    {
        var comparison = new RecordComparison("a", "b");
        for (var i = 0; i < RecordComparison.MaxLines + 5; i++)
            comparison.Add(Made($"/{i}", 200), isOfFirst: true);

        var lines = Written(comparison).TrimEnd().Split('\n');

        Assert.Equal((RecordComparison.MaxLines + 2, "and 5 more"), (lines.Length, lines[^2]));
    }

    private static ReadRecord Made(string target, int status) =>
        new(default, "HTTP/1.1", "GET", target, status, TimeSpan.Zero) { Outcome = "completed", RequestBytes = 10, ResponseBytes = 20 };

    private static string Written(RecordComparison comparison)
    {
        using var output = new StringWriter { NewLine = "\n" };
        comparison.WriteTo(output);
        return output.ToString();
    }
}
