using Chassis;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class UpstreamLimitsReaderTests
{
    private const string Listen = "listeners.0.listen=127.0.0.1:45000";

    [Fact]
    public void Load_WithoutLimits_HasNone() => Assert.Equal(UpstreamLimits.None, Words.Named(Listen).Upstream);

    [Fact]
    public void Load_AllLimits_HasThem() => Assert.Equal(
        new UpstreamLimits
        {
            Connections = 100,
            Pending = 10,
            ConnectRate = 50,
            Outlier = new OutlierDetection { Failures = 3, EjectionTime = TimeSpan.FromSeconds(10), MaxEjectionTime = TimeSpan.FromMinutes(2) },
        },
        Words.Named(
            Listen, "upstream.max-connections=100", "upstream.max-pending=10", "upstream.connect-rate=50", "upstream.outlier.failures=3",
            "upstream.outlier.ejection-time=10s", "upstream.outlier.max-ejection-time=2m").Upstream);

    [Fact]
    public void Load_OutlierFailuresAlone_HasTheTimesOfEnvoy() => Assert.Equal(
        new OutlierDetection { Failures = 5, EjectionTime = TimeSpan.FromSeconds(30), MaxEjectionTime = TimeSpan.FromMinutes(5) },
        Words.Named(Listen, "upstream.outlier.failures=5").Upstream.Outlier);

    [Theory]
    [InlineData("upstream.max-connections=0", "--upstream-max-connections '0': a whole number 1 to 10000000 is expected")]
    [InlineData("upstream.max-pending=-1", "--upstream-max-pending '-1': a whole number 1 to 10000000 is expected")]
    [InlineData("upstream.connect-rate=100001", "--upstream-connect-rate '100001': a whole number 1 to 100000 is expected")]
    [InlineData("upstream.outlier.failures=0", "--outlier-failures '0': a whole number 1 to 1000 is expected")]
    [InlineData("upstream.outlier.ejection-time=10s", "--outlier-ejection-time '10s': no address is ejected without upstream.outlier.failures; give it a number, such as 5, or remove this")]
    [InlineData("upstream.outlier.max-ejection-time=10s", "--outlier-max-ejection-time '10s': no address is ejected without upstream.outlier.failures")]
    [InlineData("upstream.outlier.failures=5 upstream.outlier.ejection-time=2h", "--outlier-ejection-time '2h': a duration from 1ms to 1h is expected")]
    [InlineData("upstream.outlier.failures=5 upstream.outlier.ejection-time=6m", "--outlier-ejection-time '6m': the first ejection (6m) must not be longer than upstream.outlier.max-ejection-time (5m)")]
    [InlineData("upstream.outlier.failures=5 upstream.outlier.max-ejection-time=1s", "--outlier-max-ejection-time '1s': the first ejection (30s) must not be longer than upstream.outlier.max-ejection-time (1s)")]
    [InlineData("upstream.outlier.failures=x upstream.outlier.ejection-time=1m", "--outlier-failures 'x': a whole number 1 to 1000 is expected")]
    public void Load_WrongLimit_IsRefusedWithTheRemedy(string settings, string message)
    {
        var error = Assert.Throws<UsageException>(() => Words.Named([Listen, .. settings.Split(' ')]));

        Assert.StartsWith(message, Assert.Single(error.Lines), StringComparison.Ordinal);
    }
}
