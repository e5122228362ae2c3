using System.Buffers;
using Sidecar.Connections;
using Sidecar.Transform;

namespace Sidecar.Relay;

/// <summary>Shows watchers the input and output of a direction's codec. It never changes; a pump replaces it as a whole.</summary>
internal sealed class Tee
{
    private readonly IChunkWatcher[] _watchers;

    private Tee(IChunkWatcher[] watchers) => _watchers = watchers;

    /// <summary>A watcher that needs no more chunks.</summary>
    public IChunkWatcher? Done
    {
        get
        {
            foreach (var watcher in _watchers)
            {
                if (watcher.IsDone)
                    return watcher;
            }

            return null;
        }
    }

    /// <summary>A tee with one more watcher.</summary>
    public static Tee With(Tee? tee, IChunkWatcher watcher) => new(tee is null ? [watcher] : [.. tee._watchers, watcher]);

    /// <summary>A tee without one watcher; null if none is left.</summary>
    public static Tee? Without(Tee? tee, IChunkWatcher watcher)
    {
        IChunkWatcher[] left = tee is null ? [] : [.. tee._watchers.Where(other => other != watcher)];
        return left.Length == 0 ? null : new Tee(left);
    }

    /// <inheritdoc cref="Codec.Apply"/>
    public bool Apply(Codec codec, long offset, Span<byte> chunk, ArrayBufferWriter<byte> output)
    {
        foreach (var watcher in _watchers)
            watcher.Received(offset, chunk);
        var isDone = false;
        try
        {
            var isInPlace = codec.Apply(chunk, output);
            isDone = true;
            Pass(isInPlace ? chunk : output.WrittenSpan);
            return isInPlace;
        }
        finally
        {
            if (!isDone)
                Fail();
        }
    }

    /// <summary>The last bytes of the codec pass.</summary>
    public void Finish(long offset, ReadOnlySpan<byte> bytes)
    {
        foreach (var watcher in _watchers)
            watcher.Received(offset, []);
        Pass(bytes);
    }

    private void Pass(ReadOnlySpan<byte> bytes)
    {
        foreach (var watcher in _watchers)
            watcher.Passed(bytes);
    }

    private void Fail()
    {
        foreach (var watcher in _watchers)
            watcher.Failed();
    }
}
