using System.Buffers;
using System.IO.Pipelines;
using ByteFilters;
using Sidecar.Connections;

namespace Sidecar.Relay;

/// <summary>Moves the bytes of one direction from pipe to pipe: read, transform, write, count.</summary>
/// <param name="relay">Told of the end.</param>
/// <param name="direction">Whose end it is.</param>
/// <param name="source">Where bytes come from.</param>
/// <param name="sink">Where they go.</param>
/// <param name="transform">Applied to a copy.</param>
/// <param name="meter">Counts.</param>
internal sealed class PipePump(
    RelayConnection relay, Direction direction, PipeReader source, PipeWriter sink, ByteTransform transform, DirectionMeter meter)
    : Pump(transform, meter)
{
    public override void Start() => _ = RunAsync();

    private async Task RunAsync()
    {
        try
        {
            relay.OnEnded(direction, await PumpAsync());
        }
        catch (Exception bug)
        {
            relay.OnFailed(bug);
        }
    }

    private async Task<PumpResult> PumpAsync()
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
                if (CopyTransformed(read.Buffer) is { } failure)
                    return new(PumpEnd.TransformFailed, FilterFault.OneLine(failure));
                source.AdvanceTo(read.Buffer.End);
                if (await FlushAsync() is { } refusal)
                    return refusal;
                Meter.Sent(length);
            }
            else
            {
                source.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                Meter.EndOfStream();
                await sink.CompleteAsync();
                return new(PumpEnd.EndOfStream);
            }
        }
    }

    private Exception? CopyTransformed(in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            for (var left = segment.Span; left.Length > 0;)
            {
                var target = sink.GetSpan();
                var chunk = target[..Math.Min(left.Length, target.Length)];
                left[..chunk.Length].CopyTo(chunk);
                Meter.Received(chunk.Length);
                try
                {
                    Transform.Apply(chunk);
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

    private async ValueTask<PumpResult?> FlushAsync()
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
