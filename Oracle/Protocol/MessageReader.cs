using System.Buffers;
using System.IO.Pipelines;

namespace Oracle.Protocol;

/// <summary>How reading one message ended.</summary>
public enum ReadStatus
{
    /// <summary>The message is whole.</summary>
    Complete,

    /// <summary>More bytes are needed (from a parser only; a reader goes on).</summary>
    Incomplete,

    /// <summary>The bytes are not of the protocol.</summary>
    Malformed,

    /// <summary>No end within the longest length.</summary>
    TooLong,

    /// <summary>The stream ended before the message did.</summary>
    Closed,

    /// <summary>The connection was reset or aborted.</summary>
    Reset,

    /// <summary>The message was not whole in time.</summary>
    TimedOut,
}

/// <summary>A message, or why there is none.</summary>
/// <param name="Status">Complete, or the reason.</param>
/// <param name="Message">The message when complete.</param>
public readonly record struct ReadOutcome<T>(ReadStatus Status, T? Message);

/// <summary>
/// Looks for one message at the start of a buffer. It must decide (anything but incomplete) within a bounded length,
/// or memory would not be bounded.
/// </summary>
/// <param name="buffer">All bytes that have come and were not consumed.</param>
/// <param name="consumed">End of the message when complete.</param>
/// <param name="message">The message when complete.</param>
public delegate ReadStatus MessageParser<T>(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out T message);

/// <summary>Reads one message from a pipe and leaves every byte behind it there.</summary>
public static class MessageReader
{
    /// <summary>
    /// Waits for the first byte of a message and leaves it in the pipe: complete when there is one, closed when the stream
    /// ended instead.
    /// </summary>
    public static async ValueTask<ReadStatus> WaitForMessageAsync(this PipeReader reader, TimeSpan timeout, TimeProvider time, CancellationToken cancellation = default) =>
        (await reader.ReadMessageAsync<bool>(ParseAnything, timeout, time, cancellation)).Status;

    /// <summary>Reads until the parser decides, the stream ends or the time is up; network errors are outcomes, not exceptions.</summary>
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

    private static ReadStatus ParseAnything(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out bool message)
    {
        (consumed, message) = (buffer.Start, default);
        return buffer.IsEmpty ? ReadStatus.Incomplete : ReadStatus.Complete;
    }
}
