using System.Buffers;
using ByteFilters;
using Sidecar.Connections;
using Sidecar.Transport.Epoll;

namespace Sidecar.Relay;

/// <summary>
/// Moves the bytes of one direction from socket to socket on their event loop: receive, transform, send and count within one
/// turn, in the loop's own buffer. What the sink does not take is held in a pooled one, and the source is not read until it is gone.
/// </summary>
/// <param name="relay">Told of the end.</param>
/// <param name="direction">Whose end it is.</param>
/// <param name="source">Where bytes come from.</param>
/// <param name="sink">Where they go; on the same loop.</param>
/// <param name="transform">Applied in place.</param>
/// <param name="meter">Counts.</param>
internal sealed class SocketPump(
    RelayConnection relay, Direction direction, EpollConnection source, EpollConnection sink, ByteTransform transform, DirectionMeter meter)
    : Pump(transform, meter)
{
    // So that one bulk stream cannot starve its loop: a turn of it takes some 100 µs.
    private const int BytesPerTurn = 512 * 1024;

    // Until the sink has shown that it keeps up: so much can be left over when it does not.
    private const int FirstRead = 64 * 1024;

    private readonly EventLoop _loop = source.Socket.Loop;
    private int _readSize = FirstRead;
    private Action? _resume;
    private byte[]? _held;
    private int _heldStart;
    private int _heldEnd;
    private bool _brokeIsTold;
    private PumpResult _result;

    // Made where a failure is handled: a start cannot fail once the other direction runs.
    private Action Resume => _resume ??= Run;

    private enum Pause
    {
        None,
        UntilReadable,
        UntilWritable,
        UntilNextTurn,
        Over,
    }

    /// <summary>Runs until the first wait; the loop's events do the rest. Callbacks instead of awaits: an idle direction holds no state machine.</summary>
    public override void Start() => Run();

    private void Run()
    {
        try
        {
            switch (RunTurn())
            {
                case Pause.UntilReadable:
                    source.Socket.WhenReadable().Call(Resume);
                    return;
                case Pause.UntilWritable:
                    sink.Socket.WhenWritable().Call(Resume);
                    return;
                case Pause.UntilNextTurn:
                    _loop.Defer(Resume);
                    return;
            }
        }
        catch (Exception bug)
        {
            ReturnHeld();
            relay.OnFailed(bug);
            return;
        }

        ReturnHeld();
        relay.OnEnded(direction, _result);
    }

    private Pause RunTurn()
    {
        if (_held is not null && SendHeld() is var pause and not Pause.None)
            return pause;
        for (var left = BytesPerTurn; left > 0;)
        {
            switch (source.Receive(_loop.Scratch.AsSpan(0, _readSize), out var count))
            {
                case SocketStatus.Done:
                    left -= count;
                    Meter.Received(count);
                    if (Pass(_loop.Scratch.AsSpan(0, count)) is var next and not Pause.None)
                        return next;
                    break;
                case SocketStatus.WouldBlock:
                    // Nobody may ever read what is still to come.
                    return sink.Socket.IsBroken ? End(PumpEnd.SinkClosed, sink) : Pause.UntilReadable;
                case SocketStatus.Ended:
                    Meter.EndOfStream();
                    // The last end of all is the close that follows at once.
                    if (!relay.IsHalfClosed)
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
            Transform.Apply(chunk);
        }
        catch (Exception error)
        {
            _result = new PumpResult(PumpEnd.TransformFailed, FilterFault.OneLine(error));
            return Pause.Over;
        }

        var pause = Send(chunk, out var sent);
        if (pause == Pause.UntilWritable)
            Hold(chunk[sent..]);
        else if (chunk.Length == _readSize)
            _readSize = EventLoop.ScratchSize;
        return pause;
    }

    private Pause Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        switch (sink.Socket.Send(bytes, out sent))
        {
            case SocketStatus.Done:
                Meter.Sent(sent);
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
            relay.OnSourceBroken(direction);
        }

        return Pause.UntilWritable;
    }

    private void Hold(ReadOnlySpan<byte> rest)
    {
        _readSize = FirstRead;
        _held = ArrayPool<byte>.Shared.Rent(rest.Length);
        rest.CopyTo(_held);
        (_heldStart, _heldEnd) = (0, rest.Length);
    }

    private Pause SendHeld()
    {
        var pause = Send(_held.AsSpan(_heldStart.._heldEnd), out var sent);
        _heldStart += sent;
        if (pause == Pause.None)
            ReturnHeld();
        return pause;
    }

    private void ReturnHeld()
    {
        if (_held is not null)
            ArrayPool<byte>.Shared.Return(_held);
        _held = null;
    }

    private Pause End(PumpEnd end, EpollConnection at)
    {
        _result = new PumpResult(end, end == PumpEnd.EndOfStream ? null : at.Socket.ErrorText);
        return Pause.Over;
    }
}
