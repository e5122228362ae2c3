using System.Text;
using global::Packets;

namespace Sidecar.Tests.Packets;

/// <summary>Remembers what a connection carried.</summary>
internal sealed class StreamReader : ITcpReader
{
    private readonly List<string> _told = [];

    public List<byte> ToServer { get; } = [];

    public List<byte> ToClient { get; } = [];

    /// <summary>How many bytes each call had.</summary>
    public List<int> Calls { get; } = [];

    /// <summary>The time of the last call.</summary>
    public long Time { get; private set; }

    /// <summary>After how many bytes it needs no more.</summary>
    public int Enough { get; init; } = int.MaxValue;

    public bool IsDone => ToServer.Count + ToClient.Count >= Enough;

    public bool IsClosed { get; private set; }

    /// <summary>All that is not bytes, in its order.</summary>
    public string Told => string.Join(", ", _told);

    /// <summary>The bytes both ways, and that.</summary>
    public string Shown => $"{Encoding.ASCII.GetString([.. ToServer])}|{Encoding.ASCII.GetString([.. ToClient])}|{Told}";

    /// <summary>Lets go of what it has, for tests of memory.</summary>
    public void Forget()
    {
        foreach (var bytes in new[] { ToServer, ToClient })
        {
            bytes.Clear();
            bytes.TrimExcess();
        }

        _told.Clear();
        _told.TrimExcess();
        Calls.Clear();
        Calls.TrimExcess();
    }

    public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time)
    {
        if (bytes.IsEmpty || IsDone)
            throw new InvalidOperationException("a call without need");
        Called(time);
        (direction == TcpDirection.ToServer ? ToServer : ToClient).AddRange(bytes);
        Calls.Add(bytes.Length);
    }

    public void Gap(TcpDirection direction, long count, long time)
    {
        if (count <= 0 || IsDone)
            throw new InvalidOperationException("a call without need");
        Tell(direction, $"gap of {count} at {(direction == TcpDirection.ToServer ? ToServer : ToClient).Count}", time);
    }

    public void End(TcpDirection direction, long time) => Tell(direction, "end", time);

    public void Close(TcpDirection? resetBy, long time)
    {
        if (resetBy is { } direction)
            Tell(direction, "reset", time);
        else
            Tell(TcpDirection.ToServer, "closed", time);
        IsClosed = true;
    }

    private void Tell(TcpDirection direction, string what, long time)
    {
        Called(time);
        _told.Add(direction == TcpDirection.ToServer ? what : $"{what} to client");
    }

    private void Called(long time)
    {
        if (IsClosed)
            throw new InvalidOperationException("a call after the last");
        Time = time;
    }
}
