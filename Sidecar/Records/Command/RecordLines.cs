using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Chassis;

namespace Sidecar.Records.Command;

/// <summary>The lines of files or stdin, one at a time. Those that are longer than any record are skipped and counted.</summary>
/// <param name="follow">Whether a file goes on behind its end and where another takes its place, as with <c>tail -F</c>.</param>
/// <param name="beforeWaiting">Called when no line is there yet: what was made of those before can be shown.</param>
internal sealed class RecordLines(bool follow, Func<Task> beforeWaiting)
{
    /// <summary>Stdin's name.</summary>
    public const string Stdin = "-";

    // Two heads of 1 MB, which is the most, each byte of them written as six.
    private const int MaxLine = 2 * 6 * 1024 * 1024;

    /// <summary>Lines that were skipped.</summary>
    public long TooLong { get; private set; }

    /// <summary>All lines of a file, without their ends. Cancelled, they are at an end.</summary>
    /// <exception cref="UsageException">The file cannot be read.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        do
        {
            var reader = PipeReader.Create(Open(path));
            var isTooLong = false;
            while (await NextAsync(reader, path, cancellation) is { Buffer: var buffer, IsCompleted: var isLast })
            {
                for (; buffer.PositionOf((byte)'\n') is { } end; buffer = buffer.Slice(buffer.GetPosition(1, end)))
                {
                    if (!isTooLong)
                        yield return buffer.Slice(0, end).ToArray();
                    isTooLong = false;
                }

                if (isLast && !buffer.IsEmpty && !isTooLong)
                    yield return buffer.ToArray();
                if (buffer.Length > MaxLine)
                {
                    TooLong += isTooLong ? 0 : 1;
                    isTooLong = true;
                }

                reader.AdvanceTo(isTooLong ? buffer.End : buffer.Start, buffer.End);
                if (isLast)
                    break;
            }

            // A read that goes on must be left alone, and ends with the process.
            if (!cancellation.IsCancellationRequested)
                await reader.CompleteAsync();
        }
        while (follow && !cancellation.IsCancellationRequested);
    }

    // Null once cancelled.
    private async Task<ReadResult?> NextAsync(PipeReader reader, string path, CancellationToken cancellation)
    {
        // A terminal that is read from hears of no cancellation.
        var read = reader.ReadAsync(CancellationToken.None).AsTask();
        if (!read.IsCompleted)
            await beforeWaiting();
        try
        {
            return await read.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (IOException error)
        {
            throw new UsageException($"'{path}': {error.Message}", error);
        }
    }

    private Stream Open(string path)
    {
        if (path == Stdin)
            return Console.OpenStandardInput();
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return follow ? new GrowingFile(file, path) : file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"'{path}': {error.Message}", error);
        }
    }
}
