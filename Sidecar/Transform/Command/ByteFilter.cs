using ByteFilters;
using Chassis;
using Chassis.Records;

namespace Sidecar.Transform.Command;

/// <summary>Moves stdin to stdout through a transform, with a line of progress on a terminal's stderr if it takes long.</summary>
internal static class ByteFilter
{
    private const int BufferSize = 256 * 1024;

    // The interval of curl's progress meter.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <returns>True if all was written; false if the reader of stdout has left.</returns>
    public static async Task<bool> RunAsync(ByteTransform transform, CancellationToken cancellation)
    {
        try
        {
            await using var input = Console.OpenStandardInput();
            await using var output = StandardOutput.Open();
            await CopyAsync(input, output, transform, Console.IsErrorRedirected ? null : new ProgressLine(Console.Error, Interval, TimeProvider.System), cancellation);
            return true;
        }
        catch (IOException error) when (StandardOutput.HasNoReader(error))
        {
            return false;
        }
        catch (IOException error)
        {
            throw new UsageException($"stdin to stdout: {error.Message}", error);
        }
    }

    /// <summary>Copies to the end of the input.</summary>
    public static async Task CopyAsync(Stream input, Stream output, ByteTransform transform, ProgressLine? progress, CancellationToken cancellation)
    {
        var buffer = new byte[BufferSize];
        try
        {
            for (int count; (count = await input.ReadAsync(buffer, cancellation)) > 0;)
            {
                FilterGuard.Run(() => transform.Apply(buffer.AsSpan(0, count)));
                await output.WriteAsync(buffer.AsMemory(0, count), cancellation);
                progress?.Add(count);
            }

            await output.FlushAsync(cancellation);
        }
        finally
        {
            // So that an error begins on a new line.
            progress?.End();
        }
    }
}

/// <summary>Bytes so far and their rate, on one line that is overwritten.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="interval">The shortest time between two updates; nothing is shown before it has passed once.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgressLine(TextWriter terminal, TimeSpan interval, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private long _shown = time.GetTimestamp();
    private long _bytes;
    private bool _isShown;

    public void Add(int count)
    {
        _bytes += count;
        if (time.GetElapsedTime(_shown) >= interval)
            Show();
    }

    /// <summary>Ends the line with the last figures, if any were shown.</summary>
    public void End()
    {
        if (!_isShown)
            return;
        Show();
        terminal.WriteLine();
    }

    private void Show()
    {
        (_shown, _isShown) = (time.GetTimestamp(), true);
        terminal.Write($"\r{_bytes / 1e6:N0} MB, {_bytes / 1e6 / time.GetElapsedTime(_started).TotalSeconds:N0} MB/s ");
    }
}
