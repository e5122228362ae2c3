namespace Sidecar.Observation.Http1;

/// <summary>
/// A body that its client may have left out, since the server answered before it (RFC 9110, 10.1.1): what follows is read as
/// requests. They are certain once what would stand behind the body is no request, or the server has answered one of them.
/// </summary>
/// <param name="length">How long the body would be.</param>
internal sealed class OmittedBody(long length)
{
    /// <summary>What one costs.</summary>
    public const int Cost = 96;

    /// <summary>What is broken when both readings hold.</summary>
    public const string Rule = "behind a final answer to Expect: 100-continue, bytes that may be the body or a request";

    private readonly byte[] _behind = new byte[ProtocolDetection.Enough];
    private long _left = length;
    private int _count;

    /// <summary>The exchange whose body it is; null once that was reported.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>Whether what was read as requests may have been the body.</summary>
    public bool IsUncertain { get; private set; }

    /// <summary>Whether it is this one's body.</summary>
    public bool IsOf(Exchange exchange) => exchange == Exchange;

    /// <summary>Nobody can tell.</summary>
    public void Doubt() => IsUncertain = true;

    /// <summary>Looks at bytes that are read as requests.</summary>
    /// <returns>True once they are certain; see also <see cref="IsUncertain"/>.</returns>
    public bool IsSettledBy(ReadOnlySpan<byte> bytes)
    {
        var skipped = (int)Math.Min(_left, bytes.Length);
        _left -= skipped;
        var more = bytes[skipped..];
        more = more[..Math.Min(more.Length, _behind.Length - _count)];
        more.CopyTo(_behind.AsSpan(_count));
        _count += more.Length;
        if (_count == 0)
            return false;
        var detected = ProtocolDetection.OfClient(_behind.AsSpan(0, _count));
        IsUncertain = detected is DetectedProtocol.Http1 or DetectedProtocol.Http2;
        return detected == DetectedProtocol.Unknown;
    }
}
