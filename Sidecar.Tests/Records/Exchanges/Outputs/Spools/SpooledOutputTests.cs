using System.Net;
using System.Text;
using System.Text.Json;
using Chassis.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
using Sidecar.Records.Exchanges.Outputs.Spools;
using Sidecar.Tests.Chassis;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Outputs.Spools;

/// <summary>Records for a server that is away, slow or comes back: sent, dropped and still in the spool are together those that were made.</summary>
[SystemTest]
public sealed class SpooledOutputTests : IDisposable
{
    private const long Limit = SpoolOptions.SmallestLimit;

    // A block of lines is not larger, so that the memory is used up soon.
    private const int Memory = 2 * 1024 * 1024;

    // For what must wait for the next attempt, up to 30 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly TempFolder _temp = new();

    private string Folder => _temp.File("spool");

    private bool IsEmpty => Directory.GetFiles(Folder, "*.spool").Length == 0;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Server_ThatTakesAll_LeavesNothingOnDisk()
    {
        await using var server = await BulkServer.StartAsync();
        LineSink sink;
        await using (sink = Open(server.Url))
        {
            Write(sink, 0, 500);
            await Eventually.TrueAsync(() => sink.Sent == 500 && IsEmpty);
        }

        Assert.Equal(500, server.Documents.Count);
        Assert.Equal((0, default(SpoolFill)), (sink.Dropped, sink.Spool));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Server_ThatIsAway_GetsAllInOrder_AlsoFromTheProcessBefore()
    {
        using var port = new ReservedPort();
        LineSink first;
        // The second is the end of the process; nothing of it is lost.
        await using (first = Open(port.Url))
        {
            Write(first, 0, 20_000);
            await Eventually.TrueAsync(() => first.Held == 0);
        }

        Assert.Equal((0, 0, 20_000L), (first.Sent, first.Dropped, first.Spool!.Value.Records));
        await using (var second = Open(port.Url))
        {
            Write(second, 20_000, 10_000);
            await Eventually.TrueAsync(() => second.Spool!.Value.Records == 30_000);
            await using var server = await BulkServer.StartAsync(port.Number);
            await Eventually.TrueAsync(() => second.Sent == 30_000, () => $"{second.Sent} of 30000", Patience);

            Assert.Equal(Enumerable.Range(0, 30_000), server.Bodies.SelectMany(Numbers));
            Assert.Equal(30_000, server.Documents.Count);
            Assert.Equal((0, default(SpoolFill)), (second.Dropped, second.Spool));
            // And it goes on.
            Write(second, 30_000, 10);
            await Eventually.TrueAsync(() => second.Sent == 30_010);
            await Eventually.TrueAsync(() => IsEmpty);
        }
    }

    [Fact]
    public async Task Restart_InTheMiddle_SendsNothingTwice()
    {
        await using var server = await BulkServer.StartAsync();
        server.Hangs = true;
        await using (var first = Open(server.Url))
        {
            Write(first, 0, 20_000);
            // The batch under way is stored as well.
            await Eventually.TrueAsync(() => first.Spool!.Value.Records == 20_000);
            // Three requests are answered, and then none.
            foreach (var fault in (BulkFault[])[BulkFault.None, BulkFault.None, BulkFault.None, BulkFault.Hang])
                server.Faults.Enqueue(fault);
            server.Hangs = false;
            await Eventually.TrueAsync(() => server.Faults.IsEmpty && first.Sent > 0);
        }

        LineSink second;
        await using (second = Open(server.Url))
            await Eventually.TrueAsync(() => second.Spool!.Value.Records == 0);

        Assert.Equal(20_000, server.Documents.Count);
        Assert.Equal(0, server.Conflicts);
        Assert.Empty(server.Mistakes);
    }

    [Fact]
    public async Task AnswerThatIsLost_IsAskedForAgainAfterARestart_WithTheSameIds()
    {
        await using var server = await BulkServer.StartAsync();
        server.Faults.Enqueue(BulkFault.CutAfter);
        server.Faults.Enqueue(BulkFault.Hang);
        await using (var first = Open(server.Url))
        {
            Write(first, 0, 100);
            await Eventually.TrueAsync(() => first.Spool!.Value.Records == 100 && server.Faults.IsEmpty);
        }

        LineSink second;
        await using (second = Open(server.Url))
            await Eventually.TrueAsync(() => second.Sent == 100);

        Assert.Equal(100, server.Documents.Count);
        Assert.InRange(server.Conflicts, 1, 100);
        Assert.Empty(server.Mistakes);
    }

    [Fact]
    public async Task Server_ThatIsSlow_LosesNothingThatHasRoomOnDisk()
    {
        await using var server = await BulkServer.StartAsync();
        server.Hangs = true;
        LineSink sink;
        await using (sink = Open(server.Url, Memory))
        {
            // Three times what the memory has room for.
            for (var i = 0; i < 20; i++)
            {
                Write(sink, i * 1000, 1000);
                await Eventually.TrueAsync(() => sink.Held <= Memory / 2);
            }

            server.Hangs = false;
            await Eventually.TrueAsync(() => sink.Sent == 20_000);
        }

        Assert.Equal((0, 20_000), (sink.Dropped, server.Documents.Count));
    }

    [Fact]
    public async Task Limit_IsKept_AndAllIsCountedToTheRecord()
    {
        using var port = new ReservedPort();
        const int count = 90_000;
        SpoolFill left;
        LineSink first;
        await using (first = Open(port.Url))
        {
            for (var i = 0; i < count; i += 1000)
            {
                Write(first, i, 1000);
                await Eventually.TrueAsync(() => first.Held <= LineSink.DefaultLimit / 2);
            }
        }

        left = first.Spool!.Value;
        Assert.True(left.Dropped > 0);
        Assert.InRange(left.Bytes, Limit / 2, Limit);
        Assert.Equal((0, 0, (long)count), (first.Sent, first.Dropped, left.Records + left.Dropped));

        await using var server = await BulkServer.StartAsync(port.Number);
        LineSink second;
        await using (second = Open(port.Url))
            await Eventually.TrueAsync(() => second.Sent == left.Records, () => $"{second.Sent} of {left.Records}", Patience);

        Assert.Equal((0, default(SpoolFill)), (second.Dropped, second.Spool));
        // The newest, each once and in order.
        Assert.Equal(Enumerable.Range((int)left.Dropped, (int)left.Records), server.Bodies.SelectMany(Numbers));
    }

    [Fact]
    public async Task Disk_ThatIsFull_LeavesRecordsInMemoryAndDropsBeyondIt()
    {
        await using var small = await SmallFileSystem.CreateAsync();
        using var port = new ReservedPort();
        const int count = 20_000;
        LineSink sink;
        await using (sink = Open(port.Url, Memory, small.Root))
        {
            Write(sink, 0, count);
            await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("cannot be put into", StringComparison.Ordinal)), () => string.Join('\n', _log.Lines));
            Assert.Contains("No space left", sink.LastError, StringComparison.Ordinal);
            Assert.Single(_log.Lines, line => line.Contains("cannot be put into", StringComparison.Ordinal));
            Assert.True(sink.Dropped > 0);
            await using var server = await BulkServer.StartAsync(port.Number);
            await Eventually.TrueAsync(() => sink.Sent + sink.Dropped == count, () => $"{sink.Sent} + {sink.Dropped} of {count}", Patience);

            Assert.Equal(count, server.Documents.Count + sink.Dropped);
            Assert.Equal(default(SpoolFill), sink.Spool);
        }
    }

    [Fact]
    public async Task Folder_ThatComesBack_IsUsedAgain()
    {
        using var port = new ReservedPort();
        await using (var sink = Open(port.Url))
        {
            Directory.Move(Folder, Folder + "-away");
            Write(sink, 0, 100);
            await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("cannot be put into", StringComparison.Ordinal)));
            Directory.Move(Folder + "-away", Folder);
            // Their memory is given back a moment later.
            await Eventually.TrueAsync(() => sink.Spool!.Value.Records == 100 && sink.Held == 0);
            Assert.Equal(0, sink.Dropped);
        }

        Assert.Contains(_log.Lines, line => line.Contains("are put into", StringComparison.Ordinal));
        await using var server = await BulkServer.StartAsync(port.Number);
        await using (var sink = Open(port.Url))
            await Eventually.TrueAsync(() => sink.Sent == 100, () => $"{sink.Sent}", Patience);
    }

    [Fact]
    public async Task Collector_GetsTheSpansOfTheProcessBefore()
    {
        using var port = new ReservedPort();
        var output = new OtlpOutput { Url = port.Url, Spool = new SpoolOptions(Folder, Limit, "records.spool") };
        LineSink first;
        await using (first = Open(output))
            first.Write("{\"name\":\"GET\"}\n"u8);
        Assert.Equal((0, 1L), (first.Dropped, first.Spool!.Value.Records));

        var requests = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port.Number));
        await using var collector = builder.Build();
        collector.MapPost("/v1/traces", () => $"{{\"request\":{Interlocked.Increment(ref requests)}}}");
        await collector.StartAsync(TestContext.Current.CancellationToken);
        LineSink second;
        await using (second = Open(output))
            await Eventually.TrueAsync(() => second.Sent == 1);

        Assert.Equal((1, default(SpoolFill)), (requests, second.Spool));
    }

    private LineSink Open(Uri url, int memory = LineSink.DefaultLimit, string? folder = null) =>
        Open(new ElasticsearchOutput { Url = url, Index = IndexPattern.Parse("records"), Spool = new SpoolOptions(folder ?? Folder, Limit, "records.spool") }, memory);

    private LineSink Open(RecordOutput output, int memory = LineSink.DefaultLimit) =>
        new(output.Open(new OutputContext(output.OnlyFormat ?? "ecs", _ => 0, TimeProvider.System, _log)), memory, TimeProvider.System, _log);

    private static void Write(LineSink sink, int from, int count)
    {
        for (var i = from; i < from + count; i++)
            sink.Write(Encoding.UTF8.GetBytes($$"""{"@timestamp":"2026-11-30T10:00:00Z","number":{{i}},"text":"{{new string('x', 200)}}"}""" + "\n"));
    }

    private static IEnumerable<int> Numbers(string body) =>
        body.TrimEnd('\n').Split('\n').Where((_, i) => i % 2 == 1).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("number").GetInt32());
}
