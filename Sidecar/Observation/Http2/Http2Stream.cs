using Sidecar.Connections;
using Sidecar.Observation.Grpc;

namespace Sidecar.Observation.Http2;

/// <summary>An open stream: its exchange, and the state of the messages of a gRPC call.</summary>
internal sealed class Http2Stream(int number, Exchange exchange)
{
    /// <summary>Bytes that one uses, without its exchange.</summary>
    public const int Cost = 64;

    private MessageCounter _requestMessages;
    private MessageCounter _responseMessages;

    public int Number { get; } = number;

    public Exchange Exchange { get; } = exchange;

    /// <summary>Whether a final response has not begun.</summary>
    public bool AwaitsResponse => Exchange.Response is null or { Status: >= 100 and < 200 };

    /// <summary>A piece of a body.</summary>
    public void OnData(Direction direction, ReadOnlySpan<byte> piece)
    {
        if (Exchange.Grpc is not { } call)
            return;
        if (direction == Direction.Request)
            call.RequestMessages += _requestMessages.Count(piece);
        else
            call.ResponseMessages += _responseMessages.Count(piece);
    }
}
