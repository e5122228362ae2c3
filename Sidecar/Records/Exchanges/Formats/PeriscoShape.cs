namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The words around the values of one of perisco's formats.</summary>
internal sealed class PeriscoShape
{
    /// <summary>The format <c>perisco</c>, of its first version.</summary>
    public static readonly PeriscoShape First = new()
    {
        HasTextTime = false,
        V4 = "1"u8.ToArray(),
        V6 = "2"u8.ToArray(),
        ClientPort = "},\"l4\":{\"Protocol\":{\"TCP\":{\"client_port\":"u8.ToArray(),
        ServerPort = ",\"server_port\":"u8.ToArray(),
        ServerPortEnd = "}}},\"l7\":{"u8.ToArray(),
        Latency = "\"latency_ns\":"u8.ToArray(),
        LatencyEnd = ","u8.ToArray(),
        Request = "\"request\":{\"Record\":{\"Http\":{\"protocol\":\""u8.ToArray(),
        Response = ",\"response\":{\"Record\":{\"Http\":{\"protocol\":\""u8.ToArray(),
        MessageEnd = "}}}"u8.ToArray(),
    };

    /// <summary>The format <c>perisco-v2</c>: protobuf's JSON of its later version.</summary>
    public static readonly PeriscoShape Second = new()
    {
        HasTextTime = true,
        V4 = "\"IPv4\""u8.ToArray(),
        V6 = "\"IPv6\""u8.ToArray(),
        ClientPort = "},\"l4\":{\"TCP\":{\"clientPort\":"u8.ToArray(),
        ServerPort = ",\"serverPort\":"u8.ToArray(),
        ServerPortEnd = "}},\"l7\":{"u8.ToArray(),
        Latency = "\"latencyNs\":\""u8.ToArray(),
        LatencyEnd = "\","u8.ToArray(),
        Request = "\"request\":{\"http\":{\"protocol\":\""u8.ToArray(),
        Response = ",\"response\":{\"http\":{\"protocol\":\""u8.ToArray(),
        MessageEnd = "}}"u8.ToArray(),
    };

    /// <summary>Whether the time is RFC 3339; otherwise it is two numbers.</summary>
    public required bool HasTextTime { get; init; }

    public required byte[] V4 { get; init; }

    public required byte[] V6 { get; init; }

    public required byte[] ClientPort { get; init; }

    public required byte[] ServerPort { get; init; }

    public required byte[] ServerPortEnd { get; init; }

    public required byte[] Latency { get; init; }

    public required byte[] LatencyEnd { get; init; }

    public required byte[] Request { get; init; }

    public required byte[] Response { get; init; }

    public required byte[] MessageEnd { get; init; }
}
