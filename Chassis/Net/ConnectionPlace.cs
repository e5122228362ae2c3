namespace Chassis.Net;

/// <summary>
/// The place of one connection. It is idle, and may have to go, until <see cref="BeginService"/>: a request that is not
/// complete yet does not count, however many bytes of it have come.
/// </summary>
public sealed class ConnectionPlace : IDisposable
{
    private readonly ConnectionPlaces _places;
    private readonly Action _giveUp;
    private volatile bool _isServed;
    private long _since;

    internal ConnectionPlace(ConnectionPlaces places, ConnectionAsker asker, Action giveUp, long since) =>
        (_places, Asker, _giveUp, _since) = (places, asker, giveUp, since);

    internal ConnectionAsker Asker { get; }

    internal bool IsServed => _isServed;

    // When it was last served, or came.
    internal long Since => Volatile.Read(ref _since);

    // Where it stands among those taken; below 0 when it has gone.
    internal int Index { get; set; }

    /// <summary>A whole request is there and is being answered.</summary>
    public void BeginService() => Served(true);

    /// <summary>The answer is written; the connection is idle from now on.</summary>
    public void EndService() => Served(false);

    /// <summary>The connection has ended; without effect for one that had to go.</summary>
    public void Dispose() => _places.Leave(this);

    internal void GiveUp() => _giveUp();

    private void Served(bool isServed)
    {
        Volatile.Write(ref _since, _places.Now);
        _isServed = isServed;
    }
}
