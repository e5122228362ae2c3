using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Chassis;

namespace Sidecar.Records.Command;

/// <summary>The lines of files or stdin, one at a time. Lines that are longer than any record are skipped and counted.</summary>
/// <param name="follow">Whether to continue at the end of a file and when another file replaces it, as <c>tail -F</c> does.</param>
/// <param name="beforeWaiting">Called when no line is there yet, so that output of earlier lines can be shown.</param>
internal sealed class RecordLines(bool follow, Func<Task> beforeWaiting)
{
    /// <summary>The name of stdin.</summary>
    public const string Stdin = "-";

    // Two heads of 1 MB, the maximum, with each byte written as six.
    private const int MaxLine = 2 * 6 * 1024 * 1024;

    /// <summary>Lines that were skipped.</summary>
    public long TooLong { get; private set; }

    /// <summary>All lines of a file, without their ends. They end when they are cancelled.</summary>
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

            // A read in progress must be left alone; it ends with the process.
            if (!cancellation.IsCancellationRequested)
                await reader.CompleteAsync();
        }
        while (follow && !cancellation.IsCancellationRequested);
    }

    // Null when cancelled.
    private async Task<ReadResult?> NextAsync(PipeReader reader, string path, CancellationToken cancellation)
    {
        // Reading from a terminal cannot be cancelled.
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
