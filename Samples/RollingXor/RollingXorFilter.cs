using ByteFilters;

namespace RollingXor;

/// <summary>
/// <c>(rolling-xor n)</c>: exclusive or with a key that starts as <c>n</c> and that every byte changes. Two equal bytes become
/// different ones, and a lost byte spoils all bytes after it. It hides nothing from an attacker.
/// </summary>
public sealed class RollingXorFilter : TransformFilter
{
    /// <inheritdoc/>
    public override string Name => "rolling-xor";

    /// <inheritdoc/>
    public override IReadOnlyList<TransformParameter> Parameters { get; } = [TransformParameter.Number("a first key", byte.MaxValue)];

    /// <inheritdoc/>
    public override ByteTransform Create(IReadOnlyList<TransformArgument> arguments) => new Encoder(arguments[0].Value);

    /// <inheritdoc/>
    public override ByteTransform CreateInverse(IReadOnlyList<TransformArgument> arguments) => new Decoder(arguments[0].Value);

    // Both sides see the encoded byte, so both find the same next key.
    private static byte Next(byte key, byte encoded) => (byte)((5 * key) + encoded + 1);

    private sealed class Encoder(byte key) : ByteTransform
    {
        private byte _key = key;

        public override void Apply(Span<byte> bytes)
        {
            foreach (ref var value in bytes)
            {
                value ^= _key;
                _key = Next(_key, value);
            }
        }
    }

    private sealed class Decoder(byte key) : ByteTransform
    {
        private byte _key = key;

        public override void Apply(Span<byte> bytes)
        {
            foreach (ref var value in bytes)
            {
                var encoded = value;
                value ^= _key;
                _key = Next(_key, encoded);
            }
        }
    }
}
