namespace Sidecar.Observation.Grpc;

/// <summary>Counts the messages of one direction of a gRPC call: each has five bytes in front, a flag and its length. Messages themselves are skipped.</summary>
internal struct MessageCounter
{
    private const int PrefixLength = 5;

    private int _prefix;
    private uint _length;
    private uint _left;

    /// <summary>Reads on.</summary>
    /// <returns>How many messages' prefixes became whole.</returns>
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

            // The flag is shifted out by the length behind it.
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
