using System.Buffers;
using System.IO.Pipelines;

namespace Oracle.Protocol;

/// <summary>How reading one message ended.</summary>
public enum ReadStatus
{
    /// <summary>The message is complete.</summary>
    Complete,

    /// <summary>More bytes are needed (only from a parser; a reader reads on).</summary>
    Incomplete,

    /// <summary>The bytes do not follow the protocol.</summary>
    Malformed,

    /// <summary>The message does not end within the longest length.</summary>
    TooLong,

    /// <summary>The stream ended before the message.</summary>
    Closed,

    /// <summary>The connection was reset or aborted.</summary>
    Reset,

    /// <summary>The message was not complete in time.</summary>
    TimedOut,
}

/// <summary>A message, or the reason why there is none.</summary>
/// <param name="Status">Complete, or the reason.</param>
/// <param name="Message">The message, if complete.</param>
public readonly record struct ReadOutcome<T>(ReadStatus Status, T? Message);

/// <summary>
/// Looks for one message at the start of a buffer. It must decide (a result other than incomplete) within a bounded length,
/// to limit the memory.
/// </summary>
/// <param name="buffer">All bytes that have come and are not consumed.</param>
/// <param name="consumed">End of the message, if complete.</param>
/// <param name="message">The message, if complete.</param>
public delegate ReadStatus MessageParser<T>(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out T message);

/// <summary>Reads one message from a pipe and leaves all later bytes in the pipe.</summary>
public static class MessageReader
{
    /// <summary>
    /// Waits for the first byte of a message and leaves it in the pipe: complete if there is one, closed if the stream
    /// ended instead.
    /// </summary>
    public static async ValueTask<ReadStatus> WaitForMessageAsync(this PipeReader reader, TimeSpan timeout, TimeProvider time, CancellationToken cancellation = default) =>
        (await reader.ReadMessageAsync<bool>(ParseAnything, timeout, time, cancellation)).Status;

    /// <summary>Reads until the parser decides, the stream ends or the time is over; network errors are results, not exceptions.</summary>
    public static async ValueTask<ReadOutcome<T>> ReadMessageAsync<T>(
        this PipeReader reader, MessageParser<T> parse, TimeSpan timeout, TimeProvider time, CancellationToken cancellation = default)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(either.Token);
                var status = parse(result.Buffer, out var consumed, out var message);
                if (status == ReadStatus.Complete)
                {
                    reader.AdvanceTo(consumed);
                    return new(status, message);
                }

                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (status != ReadStatus.Incomplete)
                    return new(status, default);
                if (result.IsCompleted)
                    return new(ReadStatus.Closed, default);
            }
        }
        catch (OperationCanceledException)
        {
            return new(limit.IsCancellationRequested ? ReadStatus.TimedOut : ReadStatus.Reset, default);
        }
        catch (IOException)
        {
            return new(ReadStatus.Reset, default);
        }
    }

    /// <summary>The same with a parser that consumes nothing: however it ends, all bytes stay in the pipe for the next reader.</summary>
    public static async ValueTask<ReadOutcome<T>> PeekMessageAsync<T>(this PipeReader reader, MessageParser<T> parse, TimeSpan timeout, TimeProvider time)
    {
        var outcome = await reader.ReadMessageAsync(parse, timeout, time);
        if (outcome.Status != ReadStatus.TimedOut)
            return outcome;
        try
        {
            // The reader of a stream gives out examined bytes again only with new ones, and TryRead not at all, until the read is cancelled.
            reader.CancelPendingRead();
            if (reader.TryRead(out var seen))
                reader.AdvanceTo(seen.Buffer.Start);
            return outcome;
        }
        catch (IOException)
        {
            return new(ReadStatus.Reset, default);
        }
    }

    private static ReadStatus ParseAnything(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out bool message)
    {
        (consumed, message) = (buffer.Start, default);
        return buffer.IsEmpty ? ReadStatus.Incomplete : ReadStatus.Complete;
    }
}
