using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Protocol;

public sealed class MessageReaderTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(3);
    private readonly ManualTimeProvider _time = new();
    private readonly Pipe _pipe = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_MessageSplitAtEveryByte_IsWholeAndLeavesTheRest()
    {
        var wire = "hello p1 abc 10.0.0.1 5\r\nGET /"u8.ToArray();
        for (var split = 0; split <= wire.Length; split++)
        {
            var pipe = new Pipe();
            if (split > 0)
                await pipe.Writer.WriteAsync(wire.AsMemory(..split), Cancellation);
            var reading = Read(pipe.Reader);
            if (split < wire.Length)
                await pipe.Writer.WriteAsync(wire.AsMemory(split..), Cancellation);
            Assert.Equal(new ReadOutcome<string>(ReadStatus.Complete, "hello p1 abc 10.0.0.1 5"), await reading);
            await pipe.Writer.CompleteAsync();
            var rest = await pipe.Reader.ReadAtLeastAsync(5, Cancellation);
            Assert.Equal("GET /", Encoding.ASCII.GetString(rest.Buffer));
        }
    }

    [Fact]
    public async Task Read_Silence_TimesOutNeitherSoonerNorLater()
    {
        var reading = Read(_pipe.Reader);
        _time.Advance(Wait - TimeSpan.FromTicks(1));
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(ReadStatus.TimedOut, (await reading).Status);
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Read_OneByteASecond_TimesOutAllTheSame()
    {
        var reading = Read(_pipe.Reader);
        for (var i = 0; i < 3; i++)
        {
            await _pipe.Writer.WriteAsync("h"u8.ToArray(), Cancellation);
            Assert.False(reading.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(ReadStatus.TimedOut, (await reading).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello p1")]
    public async Task Read_EndBeforeTheLineIsWhole_IsClosed(string sent)
    {
        await _pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(sent), Cancellation);
        await _pipe.Writer.CompleteAsync();
        Assert.Equal(ReadStatus.Closed, (await Read(_pipe.Reader)).Status);
    }

    [Fact]
    public async Task Read_LineThenEnd_IsComplete()
    {
        await _pipe.Writer.WriteAsync("deny\n"u8.ToArray(), Cancellation);
        await _pipe.Writer.CompleteAsync();
        Assert.Equal(ReadStatus.Complete, (await Read(_pipe.Reader)).Status);
    }

    [Fact]
    public async Task Read_BrokenConnection_IsReset()
    {
        await _pipe.Writer.CompleteAsync(new ConnectionResetException("reset by peer"));
        Assert.Equal(ReadStatus.Reset, (await Read(_pipe.Reader)).Status);
        var aborted = new Pipe();
        await aborted.Writer.CompleteAsync(new ConnectionAbortedException("aborted"));
        Assert.Equal(ReadStatus.Reset, (await Read(aborted.Reader)).Status);
    }

    [Fact]
    public async Task Read_Cancelled_IsResetAndNotATimeout()
    {
        using var stop = new CancellationTokenSource();
        var reading = Read(_pipe.Reader, stop.Token);
        await stop.CancelAsync();
        Assert.Equal(ReadStatus.Reset, (await reading).Status);
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Read_EndlessLine_IsTooLongWithoutReadingOn()
    {
        await _pipe.Writer.WriteAsync(new byte[1000].Select(_ => (byte)'x').ToArray(), Cancellation);
        Assert.Equal(ReadStatus.TooLong, (await Read(_pipe.Reader)).Status);
    }

    [Fact]
    public async Task Wait_FirstByte_IsLeftInThePipe()
    {
        var waiting = WaitAsync(Cancellation);
        _time.Advance(Wait - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        await _pipe.Writer.WriteAsync("a"u8.ToArray(), Cancellation);
        Assert.Equal(ReadStatus.Complete, await waiting);
        Assert.Equal(0, _time.ActiveTimers);
        Assert.Equal(ReadStatus.Complete, await WaitAsync(Cancellation));
        // The message has its own time from here.
        var reading = Read(_pipe.Reader);
        _time.Advance(Wait - TimeSpan.FromTicks(1));
        await _pipe.Writer.WriteAsync("sk\n"u8.ToArray(), Cancellation);
        Assert.Equal(new ReadOutcome<string>(ReadStatus.Complete, "ask"), await reading);
    }

    [Fact]
    public async Task Wait_NoByte_SaysWhy()
    {
        var waiting = WaitAsync(Cancellation);
        _time.Advance(Wait);
        Assert.Equal(ReadStatus.TimedOut, await waiting);
        using var stop = new CancellationTokenSource();
        waiting = WaitAsync(stop.Token);
        await stop.CancelAsync();
        Assert.Equal(ReadStatus.Reset, await waiting);
        await _pipe.Writer.CompleteAsync();
        Assert.Equal(ReadStatus.Closed, await WaitAsync(Cancellation));
    }

    private Task<ReadStatus> WaitAsync(CancellationToken cancellation) => _pipe.Reader.WaitForMessageAsync(Wait, _time, cancellation).AsTask();

    private Task<ReadOutcome<string>> Read(PipeReader reader, CancellationToken? cancellation = null) =>
        reader.ReadMessageAsync(WireLine.Parser(WireLine.MaxPeerBytes), Wait, _time, cancellation ?? Cancellation).AsTask();
}
