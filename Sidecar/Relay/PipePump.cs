using Oracle.Protocol.Expressions;
using System.Buffers;
using System.IO.Pipelines;

namespace Sidecar.Relay;

/// <summary>Moves the bytes of one direction from pipe to pipe: read, transform, write, count.</summary>
internal static class PipePump
{
    public static async Task<PumpResult> RunAsync(PipeReader source, PipeWriter sink, ByteTransform transform, DirectionMeter meter)
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await source.ReadAsync();
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
            {
                return new(PumpEnd.Aborted, error.Message);
            }
            catch (IOException error)
            {
                return new(PumpEnd.SourceReset, error.Message);
            }

            var length = read.Buffer.Length;
            if (length > 0)
            {
                meter.Received(length);
                if (CopyTransformed(read.Buffer, sink, transform) is { } failure)
                    return new(PumpEnd.TransformFailed, failure.Message);
                source.AdvanceTo(read.Buffer.End);
                if (await FlushAsync(sink) is { } refusal)
                    return refusal;
                meter.Sent(length);
            }
            else
            {
                source.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                meter.EndOfStream();
                await sink.CompleteAsync();
                return new(PumpEnd.EndOfStream);
            }
        }
    }

    private static Exception? CopyTransformed(in ReadOnlySequence<byte> bytes, PipeWriter sink, ByteTransform transform)
    {
        foreach (var segment in bytes)
        {
            for (var left = segment.Span; left.Length > 0;)
            {
                var target = sink.GetSpan();
                var chunk = target[..Math.Min(left.Length, target.Length)];
                left[..chunk.Length].CopyTo(chunk);
                try
                {
                    transform.Apply(chunk);
                }
                catch (Exception error)
                {
                    return error;
                }

                sink.Advance(chunk.Length);
                left = left[chunk.Length..];
            }
        }

        return null;
    }

    private static async ValueTask<PumpResult?> FlushAsync(PipeWriter sink)
    {
        try
        {
            return (await sink.FlushAsync()).IsCompleted ? new PumpResult(PumpEnd.SinkClosed) : null;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            return new PumpResult(PumpEnd.SinkClosed, error.Message);
        }
    }
}
