namespace Sidecar.Observation.Grpc;

/// <summary>
/// Counts the messages of one direction of a gRPC call: each starts with five bytes, a flag and its length. The messages are skipped.
/// </summary>
internal struct MessageCounter
{
    private const int PrefixLength = 5;

    private int _prefix;
    private uint _length;
    private uint _left;

    /// <summary>Reads the next bytes.</summary>
    /// <returns>The number of message prefixes that became complete.</returns>
    public int Count(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        while (!bytes.IsEmpty)
        {
            if (_left > 0)
            {
                var skipped = (int)Math.Min(_left, (uint)bytes.Length);
                _left -= (uint)skipped;
                bytes = bytes[skipped..];
                continue;
            }

            // The length after the flag shifts the flag out.
            _length = (_length << 8) | bytes[0];
            bytes = bytes[1..];
            if (++_prefix < PrefixLength)
                continue;
            (_prefix, _left) = (0, _length);
            count++;
        }

        return count;
    }
}
