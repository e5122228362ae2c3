namespace Sidecar.Connections;

/// <summary>Bytes received from and sent to one side of a connection. Each field has one writer; readers see a recent value.</summary>
internal sealed class ByteCounts
{
    private long _received;
    private long _sent;
    private bool _hasEnded;

    public long Received => Volatile.Read(ref _received);

    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Whether the side has ended its stream.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded);

    public void AddReceived(long count) => Volatile.Write(ref _received, _received + count);

    public void AddSent(long count) => Volatile.Write(ref _sent, _sent + count);

    public void EndOfStream() => Volatile.Write(ref _hasEnded, true);
}
