using System.Net;

namespace Chassis.Net;

/// <summary>
/// A limited number of places for connections, shared by client address. When all are in use, a new connection gets the place of
/// another one: of the addresses with most places, the connection that was not served for the longest time. So idle connections of
/// one client never block others. An address never loses a place to an address that then has more. A connection that is being served
/// gives way only to an address with fewer places. If no connection can give way, the new one is refused.
/// </summary>
/// <param name="limit">Places, at least one.</param>
/// <param name="time">The clock.</param>
public sealed class ConnectionPlaces(int limit, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, ConnectionAsker> _askers = [];
    private readonly List<ConnectionPlace> _taken = [];

    /// <summary>Places, taken and free.</summary>
    public int Limit => limit;

    /// <summary>Places that are taken now.</summary>
    public int Taken
    {
        get
        {
            lock (_gate)
                return _taken.Count;
        }
    }

    /// <summary>Takes a place, if necessary the place of another connection.</summary>
    /// <param name="asker">The address that connects; all that are no IP end points (clients of a UNIX socket) count as one.</param>
    /// <param name="giveUp">
    /// Ends the connection when another one gets its place; called at most once, on the thread of the new connection.
    /// </param>
    /// <returns>The place, to be disposed of when the connection has ended; null if there is none.</returns>
    public ConnectionPlace? Enter(EndPoint? asker, Action giveUp)
    {
        ConnectionPlace? leaving = null;
        ConnectionPlace place;
        lock (_gate)
        {
            var key = asker is IPEndPoint { Address: var address } ? NetworkAddress.Sharer(address) : IPAddress.None;
            var share = _askers.GetValueOrDefault(key) ?? new ConnectionAsker(key);
            // The new connection counts, so that an address cannot take a place from an address that has as many.
            share.Places++;
            if (_taken.Count >= limit && (leaving = FindLeaving(share)) is null)
            {
                share.Places--;
                return null;
            }

            if (leaving is not null)
                Remove(leaving);
            _askers[key] = share;
            place = new ConnectionPlace(this, share, giveUp, time.GetTimestamp()) { Index = _taken.Count };
            _taken.Add(place);
        }

        leaving?.GiveUp();
        return place;
    }

    internal long Now => time.GetTimestamp();

    internal void Leave(ConnectionPlace place)
    {
        lock (_gate)
        {
            if (place.Index >= 0)
                Remove(place);
        }
    }

    // Only when all places are in use does a new connection cost this search.
    private ConnectionPlace? FindLeaving(ConnectionAsker newcomer)
    {
        ConnectionPlace? found = null;
        foreach (var place in _taken)
        {
            if (MayLeave(place, newcomer) && (found is null || GoesBefore(place, found)))
                found = place;
        }

        return found;
    }

    // An address never loses a place to an address that then has more.
    private static bool MayLeave(ConnectionPlace place, ConnectionAsker newcomer) => place.IsServed
        ? place.Asker.Places > newcomer.Places
        : place.Asker.Places >= newcomer.Places;

    private static bool GoesBefore(ConnectionPlace place, ConnectionPlace other)
    {
        if (place.Asker.Places != other.Asker.Places)
            return place.Asker.Places > other.Asker.Places;
        return place.IsServed != other.IsServed ? other.IsServed : place.Since < other.Since;
    }

    private void Remove(ConnectionPlace place)
    {
        var last = _taken[^1];
        (_taken[place.Index], last.Index) = (last, place.Index);
        _taken.RemoveAt(_taken.Count - 1);
        place.Index = -1;
        if (--place.Asker.Places == 0)
            _askers.Remove(place.Asker.Key);
    }
}
