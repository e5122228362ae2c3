using System.Threading.Channels;

namespace Sidecar.Taps;

/// <summary>The first bytes of one chunk, before and after the codec.</summary>
/// <param name="Point">The point where it passed.</param>
/// <param name="Time">Time since the tap was opened.</param>
/// <param name="Offset">Bytes of this direction that were relayed before it.</param>
/// <param name="Length">Length of the whole chunk.</param>
/// <param name="Before">As received.</param>
/// <param name="After">As sent; null if the codec failed.</param>
/// <param name="Sent">The number of bytes that the codec made of the whole chunk.</param>
/// <param name="Skipped">Chunks right before it that found no room in the queue.</param>
internal sealed record TapChunk(TapPoint Point, TimeSpan Time, long Offset, int Length, byte[] Before, byte[]? After, int Sent, long Skipped);

/// <summary>
/// Takes chunks from pumps and keeps them for a reader. Pumps never wait: chunks for which a slow reader has no room are counted and
/// dropped.
/// </summary>
/// <param name="bytes">The number of bytes of a chunk that it keeps.</param>
/// <param name="time">The clock.</param>
internal sealed class Tap(int bytes, TimeProvider time)
{
    /// <summary>Most bytes that are kept of a chunk.</summary>
    public const int MaxBytes = 256;

    /// <summary>Most chunks that wait for the reader: some 160 KB at most.</summary>
    public const int Capacity = 256;

    private readonly Channel<TapChunk> _chunks = Channel.CreateBounded<TapChunk>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly long _opened = time.GetTimestamp();
    private long _skipped;

    public int Bytes => bytes;

    /// <summary>Chunks that wait for the reader.</summary>
    public ChannelReader<TapChunk> Chunks => _chunks.Reader;

    /// <summary>Takes a chunk, or counts it if there is no room. Any thread can call it.</summary>
    public void Note(TapPoint point, long offset, int length, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        // While nobody reads, a chunk does not even cost a copy.
        if (HasRoom())
            Take(point, offset, length, before, First(after), after.Length);
    }

    /// <summary>The same for a chunk on which the codec failed.</summary>
    public void NoteFailed(TapPoint point, long offset, int length, ReadOnlySpan<byte> before)
    {
        if (HasRoom())
            Take(point, offset, length, before, null, 0);
    }

    /// <summary>The number of chunks without room after the last kept one.</summary>
    public long TakeSkipped() => Interlocked.Exchange(ref _skipped, 0);

    /// <summary>No more chunks pass.</summary>
    public void Complete() => _chunks.Writer.TryComplete();

    private bool HasRoom()
    {
        if (_chunks.Reader.Count < Capacity)
            return true;
        Interlocked.Increment(ref _skipped);
        return false;
    }

    private void Take(TapPoint point, long offset, int length, ReadOnlySpan<byte> before, byte[]? after, int sent)
    {
        var skipped = TakeSkipped();
        var chunk = new TapChunk(point, time.GetElapsedTime(_opened), offset, length, First(before), after, sent, skipped);
        if (!_chunks.Writer.TryWrite(chunk))
            Interlocked.Add(ref _skipped, skipped + 1);
    }

    private byte[] First(ReadOnlySpan<byte> chunk) => chunk[..Math.Min(bytes, chunk.Length)].ToArray();
}
