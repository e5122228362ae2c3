using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ByteFilters;

namespace Sidecar.Transform;

/// <summary>Exclusive or with a repeating key. The position within the key is kept from chunk to chunk.</summary>
internal sealed class RepeatingKeyTransform(RepeatingKey key) : ByteTransform
{
    private int _offset;

    public override void Apply(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var run = key.From(_offset);
            var count = Math.Min(run.Length, bytes.Length);
            Xor.Apply(bytes[..count], run);
            _offset = (_offset + count) % key.Length;
            bytes = bytes[count..];
        }
    }
}

/// <summary>A key, repeated often enough that long runs can be read from any position in it.</summary>
internal sealed class RepeatingKey
{
    // Small enough to stay in the first-level cache.
    private const int MinRun = 4096;

    private readonly byte[] _pattern;

    public RepeatingKey(ReadOnlySpan<byte> key)
    {
        Length = key.Length;
        _pattern = new byte[MinRun + Length];
        for (var i = 0; i < _pattern.Length; i++)
            _pattern[i] = key[i % Length];
    }

    /// <summary>Length of the key in bytes.</summary>
    public int Length { get; }

    /// <summary>Memory in bytes.</summary>
    public int Bytes => _pattern.Length;

    /// <summary>The key's bytes from a position in it, repeated, at least 4096 of them.</summary>
    public ReadOnlySpan<byte> From(int offset) => _pattern.AsSpan(offset);
}

internal static class Xor
{
    /// <summary>Combines bytes with at least as many bytes of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(Span<byte> bytes, ReadOnlySpan<byte> key)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(bytes);
        var keys = MemoryMarshal.Cast<byte, Vector<byte>>(key)[..vectors.Length];
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] ^= keys[i];
        for (var i = vectors.Length * Vector<byte>.Count; i < bytes.Length; i++)
            bytes[i] ^= key[i];
    }
}
