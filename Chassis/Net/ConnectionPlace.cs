namespace Chassis.Net;

/// <summary>
/// The place of one connection. It is idle, and another connection can take its place, until <see cref="BeginService"/>. A request
/// that is not complete does not count, however many bytes of it have come.
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

    // The time of the last service, or of its arrival.
    internal long Since => Volatile.Read(ref _since);

    // Its index among the places in use; below 0 when it has lost its place.
    internal int Index { get; set; }

    /// <summary>A whole request has come and is being answered.</summary>
    public void BeginService() => Served(true);

    /// <summary>The answer is written; the connection is idle from now on.</summary>
    public void EndService() => Served(false);

    /// <summary>The connection has ended; without effect if another connection has its place.</summary>
    public void Dispose() => _places.Leave(this);

    internal void GiveUp() => _giveUp();

    private void Served(bool isServed)
    {
        Volatile.Write(ref _since, _places.Now);
        _isServed = isServed;
    }
}
