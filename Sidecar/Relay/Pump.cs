using System.Buffers;
using ByteFilters;
using Sidecar.Connections;
using Sidecar.Transform;
using Sidecar.Transport;

namespace Sidecar.Relay;

/// <summary>
/// Moves the bytes of one direction from its source through its codec to its sink: receive, apply, send and count within one turn, in
/// the source's own buffer. Bytes that the sink does not take go to a pooled buffer, and the source is not read until they are sent.
/// </summary>
/// <param name="relay">Gets the end.</param>
/// <param name="direction">The direction.</param>
/// <param name="source">Gives the bytes.</param>
/// <param name="sink">Takes the bytes.</param>
/// <param name="codec">Changes the bytes.</param>
/// <param name="meter">Counts; a chunk counts as received before the codec has it.</param>
internal sealed class Pump(RelayConnection relay, Direction direction, IRelaySocket source, IRelaySocket sink, Codec codec, DirectionMeter meter)
    : IRelayDirection
{
    // So that one bulk stream cannot starve its loop: one turn of it takes some 100 µs.
    private const int BytesPerTurn = 512 * 1024;

    // Until the sink has shown that it keeps up, because so many bytes can be left over if it does not.
    private const int FirstRead = 64 * 1024;

    private const int LargestRead = 256 * 1024;

    private int _readSize = FirstRead;
    private Action? _resume;
    private byte[]? _held;
    private int _heldStart;
    private int _heldEnd;
    private bool _brokeIsTold;
    private bool _isFinished;
    private bool _isWhole;
    private PumpResult _result;
    private Tee? _tee;

    // Allocated at the first use, where a failure is handled: a start must not fail after the other direction runs.
    private Action Resume => _resume ??= Run;

    private enum Pause
    {
        None,
        UntilReadable,
        UntilWritable,
        UntilNextTurn,
        Over,
    }

    /// <summary>
    /// Runs until the first wait; callbacks do the rest. Callbacks, not awaits, so that an idle direction holds no state machine.
    /// </summary>
    public void Start() => Run();

    /// <inheritdoc/>
    public void Watch(IChunkWatcher watcher)
    {
        lock (this)
            Volatile.Write(ref _tee, Tee.With(_tee, watcher));
    }

    /// <inheritdoc/>
    public void Unwatch(IChunkWatcher watcher)
    {
        lock (this)
            Volatile.Write(ref _tee, Tee.Without(_tee, watcher));
    }

    private void Run()
    {
        try
        {
            switch (RunTurn())
            {
                case Pause.UntilReadable:
                    source.WhenReadable(Resume);
                    return;
                case Pause.UntilWritable:
                    sink.WhenWritable(Resume);
                    return;
                case Pause.UntilNextTurn:
                    source.Defer(Resume);
                    return;
            }
        }
        catch (Exception bug)
        {
            Release();
            relay.OnFailed(bug);
            return;
        }

        Release();
        relay.OnEnded(direction, _result);
    }

    private Pause RunTurn()
    {
        if (_held is not null && SendHeld() is var pause and not Pause.None)
            return pause;
        for (var left = BytesPerTurn; left > 0;)
        {
            switch (source.Receive(_readSize, out var chunk))
            {
                case SocketStatus.Done:
                    left -= chunk.Length;
                    if (Pass(chunk) is var next and not Pause.None)
                        return next;
                    break;
                case SocketStatus.WouldBlock:
                    // With a broken sink, nobody will read the bytes that are still to come.
                    return sink.IsBroken ? End(PumpEnd.SinkClosed, sink) : Pause.UntilReadable;
                case SocketStatus.Ended:
                    return Finish();
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
        var offset = meter.Position;
        meter.Received(chunk.Length);
        var output = CodecOutput.OfThread();
        ReadOnlySpan<byte> passed;
        try
        {
            var tee = Volatile.Read(ref _tee);
            var isInPlace = tee is null ? codec.Apply(chunk, output) : tee.Apply(codec, offset, chunk, output);
            passed = isInPlace ? chunk : output.WrittenSpan;
            if (tee?.Done is { } done)
                Unwatch(done);
        }
        catch (Exception error)
        {
            return Fail(error);
        }

        var pause = SendOrHold(passed);
        if (pause == Pause.None && chunk.Length == _readSize)
            _readSize = LargestRead;
        return pause;
    }

    // Called again when its bytes are sent, because the source reports its end each time.
    private Pause Finish()
    {
        if (!_isFinished)
        {
            _isFinished = true;
            var output = CodecOutput.OfThread();
            try
            {
                _isWhole = codec.Finish(output);
                if (output.WrittenCount > 0)
                    Volatile.Read(ref _tee)?.Finish(meter.Position, output.WrittenSpan);
            }
            catch (Exception error)
            {
                return Fail(error);
            }

            if (SendOrHold(output.WrittenSpan) is var pause and not Pause.None)
                return pause;
        }

        if (!_isWhole)
            return End(PumpEnd.Truncated, source);
        meter.EndOfStream();
        // If the other direction has ended already, the close that follows at once is the end.
        if (!relay.IsHalfClosed)
            sink.ShutdownSend();
        return End(PumpEnd.EndOfStream, source);
    }

    private Pause SendOrHold(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return Pause.None;
        var pause = Send(bytes, out var sent);
        if (pause == Pause.UntilWritable)
            Hold(bytes[sent..]);
        return pause;
    }

    private Pause Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        switch (sink.Send(bytes, out sent))
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
        if (source.IsBroken && !_brokeIsTold)
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

    private void Release()
    {
        ReturnHeld();
        if (!_isFinished)
            codec.Abort();
    }

    private Pause Fail(Exception error)
    {
        _result = new PumpResult(PumpEnd.CodecFailed, FilterFault.OneLine(error));
        return Pause.Over;
    }

    private Pause End(PumpEnd end, IRelaySocket at)
    {
        _result = new PumpResult(end, end is PumpEnd.EndOfStream or PumpEnd.Truncated ? null : at.ErrorText);
        return Pause.Over;
    }
}
