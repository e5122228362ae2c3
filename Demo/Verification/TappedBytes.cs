using System.Buffers;

namespace Demo.Verification;

/// <summary>What passed in one direction of a tapped connection: how much, and the bytes themselves up to a limit.</summary>
internal sealed class TappedBytes(TapBudget budget)
{
    private readonly ArrayBufferWriter<byte> _sample = new();

    /// <summary>Bytes that passed.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the sample is all that passed.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_sample)
                return Count == _sample.WrittenCount;
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_sample)
        {
            // Once bytes were left out, later ones must not look as if they followed.
            if (Count == _sample.WrittenCount)
                _sample.Write(bytes[..budget.Take(bytes.Length)]);
            Count += bytes.Length;
        }
    }

    /// <summary>The recorded bytes, from the first one on.</summary>
    public byte[] Sample()
    {
        lock (_sample)
            return _sample.WrittenSpan.ToArray();
    }
}

/// <summary>The memory that all samples of a tap share.</summary>
internal sealed class TapBudget(int bytes)
{
    private int _left = bytes;

    /// <summary>Takes as many bytes as are left, at most <paramref name="wanted"/>.</summary>
    public int Take(int wanted)
    {
        while (true)
        {
            var left = Volatile.Read(ref _left);
            var taken = Math.Min(left, wanted);
            if (Interlocked.CompareExchange(ref _left, left - taken, left) == left)
                return taken;
        }
    }
}
