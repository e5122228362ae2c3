using global::Packets;

namespace Sidecar.Tests.Packets;

/// <summary>Remembers what a connection carried.</summary>
internal sealed class StreamReader : ITcpReader
{
    private readonly List<string> _told = [];

    public List<byte> ToServer { get; } = [];

    public List<byte> ToClient { get; } = [];

    /// <summary>All that is not bytes, in its order.</summary>
    public string Told => string.Join(", ", _told);

    /// <summary>The bytes to the server, and that.</summary>
    public string Shown => $"{string.Join(", ", ToServer)}: {Told}";

    public void Clear()
    {
        ToServer.Clear();
        ToClient.Clear();
        _told.Clear();
    }

    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, DateTimeOffset time) =>
        (direction == TcpDirection.ToServer ? ToServer : ToClient).AddRange(bytes);

    public void Gap(TcpDirection direction, long count, DateTimeOffset time) => Tell(direction, $"gap of {count}");

    public void End(TcpDirection direction, DateTimeOffset time) => Tell(direction, "end");

    public void Reset(TcpDirection direction, DateTimeOffset time) => Tell(direction, "reset");

    private void Tell(TcpDirection direction, string what) => _told.Add(direction == TcpDirection.ToServer ? what : $"{what} to client");
}
