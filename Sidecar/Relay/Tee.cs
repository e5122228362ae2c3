using System.Buffers;
using Sidecar.Connections;
using Sidecar.Transform;

namespace Sidecar.Relay;

/// <summary>Shows those who look on what a direction's codec takes and gives. It never changes; a pump exchanges it whole.</summary>
internal sealed class Tee
{
    private readonly IChunkWatcher[] _watchers;

    private Tee(IChunkWatcher[] watchers) => _watchers = watchers;

    /// <summary>Those who want to see no more.</summary>
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

    /// <summary>A tee with one watcher more.</summary>
    public static Tee With(Tee? tee, IChunkWatcher watcher) => new(tee is null ? [watcher] : [.. tee._watchers, watcher]);

    /// <summary>A tee without a watcher; null when nobody is left.</summary>
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

    /// <summary>What the codec had still to send is passed.</summary>
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
