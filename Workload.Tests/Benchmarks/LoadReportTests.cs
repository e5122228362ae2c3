using Sidecar.Benchmarks;
using Sidecar.Benchmarks.Load;
using Sidecar.Benchmarks.Peers;
using Xunit;

namespace Workload.Tests.Benchmarks;

/// <summary>What the load generators print, as they print it.</summary>
public sealed class LoadReportTests
{
    private const string Wrk = """
        Running 1s test @ http://127.0.0.1:25000/
          1 threads and 64 connections
          Thread Stats   Avg      Stdev     Max   +/- Stdev
            Latency     1.04ms    1.31ms  27.96ms   95.02%
            Req/Sec    69.27k     4.37k   74.57k    72.73%
          Latency Distribution
             50%  812.00us
             75%    1.11ms
             90%    1.57ms
             99%    1.20s 
          75802 requests in 1.10s, 84.73MB read
        Requests/sec:  68893.44
        Transfer/sec:     77.01MB
        """;

    [Fact]
    public void Wrk_PlainRun_IsRead()
    {
        var report = WrkReport.Parse(Wrk.Split('\n'));
        Assert.Equal((75802, 68893.44, 0.812, 1200), (report.Requests, report.RequestsPerSecond, report.P50, report.P99));
        Assert.Empty(report.Faults);
    }

    [Fact]
    public void Wrk_ErrorsAndStatuses_AreFaults()
    {
        var text = Wrk.Replace("Requests/sec:", "  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 12\nRequests/sec:", StringComparison.Ordinal);
        Assert.Equal(
            ["Socket errors: connect 0, read 3, write 0, timeout 1", "Non-2xx or 3xx responses: 12"],
            WrkReport.Parse(text.Split('\n')).Faults);
    }

    [Theory]
    [InlineData("requests in")]
    [InlineData("99%")]
    [InlineData("Requests/sec")]
    public void Wrk_FigureMissing_IsAnError(string figure)
    {
        var lines = Wrk.Split('\n').Where(line => !line.Contains(figure, StringComparison.Ordinal)).ToList();
        Assert.Contains(figure, Assert.Throws<MeasureException>(() => WrkReport.Parse(lines)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Iperf_Report_IsWhatTheReceiverSaw()
    {
        const string json = """{"end": {"sum_sent": {"bytes": 9, "bits_per_second": 9.0}, "sum_received": {"bytes": 1250000000, "bits_per_second": 10000000000.5}}}""";
        Assert.Equal(new IperfReport(1_250_000_000, 10_000_000_000.5), IperfReport.Parse(json));
    }

    [Theory]
    [InlineData("""{"end": {}, "error": "unable to connect to server"}""", "unable to connect to server")]
    [InlineData("""{"end": {}}""", "no report")]
    [InlineData("", "no report")]
    public void Iperf_NoReport_IsAnError(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<MeasureException>(() => IperfReport.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Bulk_Result_IsReadAsItIsWritten()
    {
        var result = new PeerResult(12_345_678_901, 3.0000123);
        Assert.Equal(result, PeerResult.Parse(result.ToString()));
        Assert.Throws<FormatException>(() => PeerResult.Parse("12 3 4"));
        Assert.Throws<FormatException>(() => PeerResult.Parse("-12 3"));
    }
}
