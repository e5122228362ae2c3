using System.Numerics;
using ByteFilters;

namespace Testing;

/// <summary>The meaning of each operator, written independently of the product and as simply as possible.</summary>
internal static class Reference
{
    /// <summary>The transformed bytes of a direction.</summary>
    public static byte[] Apply(TransformExpression expression, byte[] bytes) => expression.Steps.Aggregate(bytes, Apply);

    private static byte[] Apply(byte[] bytes, TransformStep step) => (step.Operator.Name, step.Arguments) is ("keystream", [_, var k, var n])
        ? [.. bytes.Chunk(64).SelectMany((block, i) => block.Zip(ChaCha20Block(k.Bytes, n.Bytes, (uint)i), (b, key) => (byte)(b ^ key)))]
        : [.. bytes.Select((b, at) => Apply(step, b, at))];

    private static byte Apply(TransformStep step, byte b, int at) => (step.Operator.Name, step.Arguments) switch
    {
        ("not", _) => (byte)(255 - b),
        ("xor", [var n]) => (byte)(b ^ n.Value),
        ("add", [var n]) => (byte)((b + n.Value) % 256),
        ("sub", [var n]) => (byte)((256 + b - n.Value) % 256),
        ("rotl", [var n]) => (byte)(((b * (1 << n.Value)) % 256) + (b / (1 << (8 - n.Value)))),
        ("rotr", [var n]) => (byte)((b / (1 << n.Value)) + ((b * (1 << (8 - n.Value))) % 256)),
        ("swap-nibbles", _) => (byte)((16 * (b % 16)) + (b / 16)),
        ("reverse-bits", _) => (byte)Enumerable.Range(0, 8).Sum(i => ((b >> i) % 2) << (7 - i)),
        // Intel's manual: bit i of the result is the parity of byte 7 - i of the matrix AND the source, and bit i of the constant.
        ("affine", [var m, var n]) => (byte)Enumerable.Range(0, 8).Sum(i => ((BitOperations.PopCount((uint)(m.Bytes[i] & b)) & 1) << i) ^ (n.Value & (1 << i))),
        ("table", [var t]) => t.Bytes[b],
        ("xor-key", [var k]) => (byte)(b ^ k.Bytes[at % k.Bytes.Length]),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "no such operator"),
    };

    /// <summary>RFC 8439, section 2.3.</summary>
    public static byte[] ChaCha20Block(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, uint counter)
    {
        byte[] start = [.. "expand 32-byte k"u8, .. key, .. BitConverter.GetBytes(counter), .. nonce];
        var initial = Enumerable.Range(0, 16).Select(i => BitConverter.ToUInt32(start, 4 * i)).ToArray();
        var x = initial.ToArray();
        void Quarter(int a, int b, int c, int d)
        {
            foreach (var (first, second) in new[] { (16, 12), (8, 7) })
            {
                x[a] += x[b];
                x[d] = BitOperations.RotateLeft(x[d] ^ x[a], first);
                x[c] += x[d];
                x[b] = BitOperations.RotateLeft(x[b] ^ x[c], second);
            }
        }

        for (var round = 0; round < 10; round++)
        {
            Quarter(0, 4, 8, 12);
            Quarter(1, 5, 9, 13);
            Quarter(2, 6, 10, 14);
            Quarter(3, 7, 11, 15);
            Quarter(0, 5, 10, 15);
            Quarter(1, 6, 11, 12);
            Quarter(2, 7, 8, 13);
            Quarter(3, 4, 9, 14);
        }

        return [.. x.Select((word, i) => BitConverter.GetBytes(word + initial[i])).SelectMany(bytes => bytes)];
    }
}
