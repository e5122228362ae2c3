namespace Sidecar.Observation.Http1;

/// <summary>
/// A body that its client may have left out, because the server answered before it (RFC 9110, 10.1.1). The next bytes are read as
/// requests. They certainly are requests when the bytes after a body would not be a request, or when the server has answered one.
/// </summary>
/// <param name="length">The length that the body would have.</param>
internal sealed class OmittedBody(long length)
{
    /// <summary>Bytes that one uses.</summary>
    public const int Cost = 96;

    /// <summary>The broken rule if both readings are possible.</summary>
    public const string Rule = "behind a final answer to Expect: 100-continue, bytes that may be the body or a request";

    private readonly byte[] _behind = new byte[ProtocolDetection.Enough];
    private long _left = length;
    private int _count;

    /// <summary>The exchange with the body; null after it was reported.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>Whether the bytes that were read as requests may have been the body.</summary>
    public bool IsUncertain { get; private set; }

    /// <summary>Whether it is the body of this exchange.</summary>
    public bool IsOf(Exchange exchange) => exchange == Exchange;

    /// <summary>Both readings are possible.</summary>
    public void Doubt() => IsUncertain = true;

    /// <summary>Examines bytes that are read as requests.</summary>
    /// <returns>True when it is decided; see also <see cref="IsUncertain"/>.</returns>
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
