using Demo.Verification;
using Xunit;

namespace Workload.Tests.Demo;

public sealed class MetricsPageTests
{
    private const string Text = """
        # HELP bytes_total Bytes, {"not a sample"} 1
        # TYPE bytes_total counter
        bytes_total{listener="outbound",direction="sent",peer="downstream"} 100
        bytes_total{listener="outbound",direction="received",peer="upstream"} 20
        bytes_total{listener="inbound",direction="sent",peer="downstream"} 3.5e1 1795294865262
        bytes_total_more 7
        up 1
        limit +Inf

        """;

    [Fact]
    public void Sum_WithLabels_AddsTheSamplesThatBearAll()
    {
        var page = new MetricsPage(Text);

        Assert.Equal(155, page.Sum("bytes_total"));
        Assert.Equal(135, page.Sum("bytes_total", "direction=\"sent\""));
        Assert.Equal(100, page.Sum("bytes_total", "listener=\"outbound\"", "peer=\"downstream\""));
        Assert.Equal(1, page.Sum("up"));
        Assert.Equal(double.PositiveInfinity, page.Sum("limit"));
    }

    [Fact]
    public void Sum_OfPartsOfNames_IsZero()
    {
        var page = new MetricsPage(Text);

        Assert.Equal(0, page.Sum("bytes"));
        Assert.Equal(0, page.Sum("bytes_total", "tener=\"p1\""));
        Assert.Equal(0, page.Sum("bytes_total", "listener=\"p\""));
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("up")]
    [InlineData("1up 1")]
    public void Read_OfAnotherText_IsRefused(string text) => Assert.Throws<FormatException>(() => new MetricsPage(text));
}
