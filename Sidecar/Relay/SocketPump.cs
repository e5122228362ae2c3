using Sidecar.Transform;
using Sidecar.Transport.Epoll;

namespace Sidecar.Relay;

/// <summary>
/// Moves the bytes of one direction from socket to socket on their event loop: receive, transform, send and count within one
/// turn, in the loop's own buffer. What the sink does not take is held in a pooled one, and the source is not read until it is gone.
/// </summary>
/// <param name="source">Where bytes come from.</param>
/// <param name="sink">Where they go; on the same loop.</param>
/// <param name="transform">Applied in place.</param>
/// <param name="meter">Counts.</param>
/// <param name="sourceBroke">Called once if the source is reset while the sink takes nothing.</param>
internal sealed class SocketPump(EpollConnection source, EpollConnection sink, ByteTransform transform, DirectionMeter meter, Action sourceBroke)
{
    // So that one bulk stream cannot starve its loop: a turn of it takes some 100 µs.
    private const int BytesPerTurn = 512 * 1024;

    private readonly EventLoop _loop = source.Socket.Loop;
    private byte[]? _held;
    private int _heldStart;
    private int _heldEnd;
    private bool _brokeIsTold;
    private PumpResult _result;

    private enum Pause
    {
        None,
        UntilReadable,
        UntilWritable,
        UntilNextTurn,
        Over,
    }

    public async Task<PumpResult> RunAsync()
    {
        if (await sink.FlushPipeAsync() is var flushed and not SocketStatus.Done)
            return new(flushed == SocketStatus.Closed ? PumpEnd.Aborted : PumpEnd.SinkClosed, sink.Socket.ErrorText);
        try
        {
            while (true)
            {
                switch (RunTurn())
                {
                    case Pause.UntilReadable:
                        await source.Socket.WhenReadable();
                        break;
                    case Pause.UntilWritable:
                        await sink.Socket.WhenWritable();
                        break;
                    case Pause.UntilNextTurn:
                        await _loop.Yield();
                        break;
                    default:
                        return _result;
                }
            }
        }
        finally
        {
            if (_held is not null)
                _loop.ReturnBuffer(_held);
        }
    }

    private Pause RunTurn()
    {
        if (_held is not null && SendHeld() is var pause and not Pause.None)
            return pause;
        for (var left = BytesPerTurn; left > 0;)
        {
            switch (source.Receive(_loop.Scratch, out var count))
            {
                case SocketStatus.Done:
                    left -= count;
                    meter.Received(count);
                    if (Pass(_loop.Scratch.AsSpan(0, count)) is var next and not Pause.None)
                        return next;
                    break;
                case SocketStatus.WouldBlock:
                    // Nobody may ever read what is still to come.
                    return sink.Socket.IsBroken ? End(PumpEnd.SinkClosed, sink) : Pause.UntilReadable;
                case SocketStatus.Ended:
                    meter.EndOfStream();
                    sink.Socket.ShutdownSend();
                    return End(PumpEnd.EndOfStream, source);
                case SocketStatus.Failed:
                    return End(PumpEnd.SourceReset, source);
                default:
                    return End(PumpEnd.Aborted, source);
            }
        }

        return Pause.UntilNextTurn;
    }

    private Pause Pass(Span<byte> chunk)
    {
        try
        {
            transform.Apply(chunk);
        }
        catch (Exception error)
        {
            _result = new PumpResult(PumpEnd.TransformFailed, error.Message);
            return Pause.Over;
        }

        var pause = Send(chunk, out var sent);
        if (pause == Pause.UntilWritable)
            Hold(chunk[sent..]);
        return pause;
    }

    private Pause Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        switch (sink.Socket.Send(bytes, out sent))
        {
            case SocketStatus.Done:
                meter.Sent(sent);
                return sent == bytes.Length ? Pause.None : Blocked();
            case SocketStatus.WouldBlock:
                return Blocked();
            case SocketStatus.Failed:
                return End(PumpEnd.SinkClosed, sink);
            default:
                return End(PumpEnd.Aborted, sink);
        }
    }

    private Pause Blocked()
    {
        if (source.Socket.IsBroken && !_brokeIsTold)
        {
            _brokeIsTold = true;
            sourceBroke();
        }

        return Pause.UntilWritable;
    }

    private void Hold(ReadOnlySpan<byte> rest)
    {
        _held = _loop.RentBuffer();
        rest.CopyTo(_held);
        (_heldStart, _heldEnd) = (0, rest.Length);
    }

    private Pause SendHeld()
    {
        var pause = Send(_held.AsSpan(_heldStart.._heldEnd), out var sent);
        _heldStart += sent;
        if (pause == Pause.None)
        {
            _loop.ReturnBuffer(_held!);
            _held = null;
        }

        return pause;
    }

    private Pause End(PumpEnd end, EpollConnection at)
    {
        _result = new PumpResult(end, end == PumpEnd.EndOfStream ? null : at.Socket.ErrorText);
        return Pause.Over;
    }
}
