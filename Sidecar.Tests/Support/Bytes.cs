using System.Buffers;

namespace Sidecar.Tests.Support;

/// <summary>Sequences of several segments, as a pipe hands them out.</summary>
public static class Bytes
{
    /// <summary>One sequence of the parts, empty ones included.</summary>
    public static ReadOnlySequence<byte> Segmented(params IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        Segment? first = null, last = null;
        foreach (var part in parts)
        {
            last = new Segment(part, last);
            first ??= last;
        }

        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
