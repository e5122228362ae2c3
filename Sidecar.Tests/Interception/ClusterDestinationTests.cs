using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Each destination in the table of docs/modes.md, called with curl in a pod, by both routes and both families.</summary>
public sealed class ClusterDestinationTests : IClassFixture<ClusterPods>
{
    private readonly ClusterPods _cluster;

    public ClusterDestinationTests(ClusterPods cluster)
    {
        RootTools.Require();
        _cluster = cluster;
    }

    /// <summary>Destination, route, IPv6, and the documented result.</summary>
    public static TheoryData<string, string, bool, string> Cells
    {
        get
        {
            var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "modes.md")).SkipWhile(line => !line.StartsWith("| destination |", StringComparison.Ordinal))
                .TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)).ToList();
            var cells = new TheoryData<string, string, bool, string>();
            foreach (var row in rows.Skip(2))
            {
                // "–": there is no such call.
                foreach (var column in Enumerable.Range(1, 2).Where(column => row[column] != "–"))
                {
                    cells.Add(row[0], rows[0][column].Trim('`'), false, row[column]);
                    // SOCKS4 has no IPv6 addresses.
                    if (row[2] != "–")
                        cells.Add(row[0], rows[0][column].Trim('`'), true, row[column]);
                }
            }

            return cells;
        }
    }

    [Fact]
    public void Table_HasAllCells() => Assert.Equal((9 * 2 * 2) + 2, Cells.Count);

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Destination_HasTheDocumentedResult(string destination, string action, bool six, string result)
    {
        _cluster.Client.ForgetRecords();
        var (listener, words, answer) = _cluster.CallOf(destination, action, six);

        string? seen;
        try
        {
            seen = await InterceptedNetwork.CurlAsync(_cluster.Client.Space, words, _cluster.Hosts);
        }
        catch (InvalidOperationException) when (result != "passes")
        {
            seen = null;
        }

        var record = await _cluster.Client.RecordAsync(listener, _ => true);
        Assert.Equal(result == "passes" ? (answer, "completed") : (null, result), (seen, record.Reason));
        if (result == "passes")
            Assert.Equal(action == "peer" ? "greeted" : "plain", record.Text("session"));
        // The sidecar accepts a connection before it connects, so no application tries another address.
        Assert.Single(_cluster.Client.AllRecords(listener));
    }

    [Fact]
    public async Task PodWithHostNetwork_AsClient_IsPlain()
    {
        _cluster.Server.ForgetRecords();

        Assert.Equal("server", await InterceptedNetwork.CurlAsync(_cluster.Node.Space, $"http://{_cluster.Server.V4}:9000/"));

        await IsOfNodeAsync(_cluster.Server, "plain");
    }

    [Fact]
    public async Task PodThatCallsItsOwnClusterIP_SeesTheNodeAsClient()
    {
        _cluster.Client.ForgetRecords();

        Assert.Equal("client", await InterceptedNetwork.CurlAsync(_cluster.Client.Space, _cluster.CallOf("the pod's own ClusterIP", "peer", six: false).Words));

        await IsOfNodeAsync(_cluster.Client, "greeted");
    }

    private static async Task IsOfNodeAsync(Pod pod, string session)
    {
        var record = await pod.RecordAsync("in", _ => true);
        Assert.Equal((session, "completed"), (record.Text("session"), record.Reason));
        Assert.StartsWith($"{PodNode.V4}:", record.Text("client"), StringComparison.Ordinal);
    }
}
