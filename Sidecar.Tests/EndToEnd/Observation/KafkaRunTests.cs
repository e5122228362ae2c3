using System.Text.RegularExpressions;
using Processes;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>A long run into Kafka, which kcat reads while it is written: the brokers keep little of it.</summary>
public sealed partial class KafkaRunTests : IDisposable
{
    private const int Rounds = 10;
    private const int Round = 10_000;

    // Some 5 MB, of which the brokers keep 20.
    private const int MostBehind = 10_000;

    private static readonly TimeSpan Generous = TimeSpan.FromMinutes(1);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AHundredThousandExchanges_ArriveOnceInTheOrderOfTheirConnection()
    {
        RootTools.RequirePrograms("kcat", "h2load");
        using var kafka = new KafkaMock();
        await using var nginx = await Programs.NginxAsync();
        var (read, written) = (_folder.File("read"), _folder.File("written"));
        var config = _folder.Write("sidecar.yaml", $$"""
            listeners: [{listen: '127.0.0.1:0', target: '127.0.0.1:{{nginx.Port}}', observe: on}]
            records:
              - {format: envoy, output: kafka, brokers: '{{kafka.Addresses}}', topic: exchanges, connection-rate: off, client-rate: off, queue: 64MB}
              - {format: envoy, path: '{{written}}', connection-rate: off, client-rate: off, queue: 64MB, rotate-size: off}
            """);
        await using var reader = ManagedProcess.Start(new ProcessCommand("kcat", ["sh", "-c", $"exec kcat -C -q -u -b {kafka.Addresses} -t exchanges -o beginning -f '%k\\t%s\\n' > {read}"]));
        await using (var sidecar = await RunningSidecar.StartAsync("--config", config))
        {
            var lines = new LineCounter(read);
            for (var round = 1; round <= Rounds; round++)
            {
                await Programs.RunAsync("h2load", "nghttp2-client", "--h1", "-n", $"{Round}", "-c", "10", "-m", "1", $"http://127.0.0.1:{sidecar.Port}/a");
                var least = round == Rounds ? Rounds * Round : (round * Round) - MostBehind;
                await Eventually.TrueAsync(() => lines.Count() >= least, () => $"{lines.Count()} of {least}: {string.Join('\n', reader.StandardError.Lines)}", Generous);
            }
        }

        var messages = File.ReadLines(read).Select(line => line.Split('\t')).ToList();
        Assert.Equal(Rounds * Round, messages.Count);
        var expected = File.ReadLines(written).GroupBy(line => ConnectionId().Match(line).Groups["id"].Value).ToDictionary(connection => connection.Key, connection => connection.ToList());
        var arrived = messages.GroupBy(message => message[0], message => message[1]).ToDictionary(connection => connection.Key, connection => connection.ToList());
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), arrived.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, connection => Assert.Equal(connection.Value, arrived[connection.Key]));
    }

    [GeneratedRegex("\"connection_id\":\"(?<id>[^\"]*)\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ConnectionId();

    /// <summary>Counts the lines of a file that grows.</summary>
    private sealed class LineCounter(string path)
    {
        private readonly byte[] _block = new byte[256 * 1024];
        private long _at;
        private int _count;

        public int Count()
        {
            if (!File.Exists(path))
                return 0;
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            for (var length = RandomAccess.Read(file, _block, _at); length > 0; length = RandomAccess.Read(file, _block, _at))
            {
                _at += length;
                _count += _block.AsSpan(0, length).Count((byte)'\n');
            }

            return _count;
        }
    }
}
