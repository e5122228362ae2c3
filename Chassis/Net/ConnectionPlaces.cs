using System.Net;

namespace Chassis.Net;

/// <summary>
/// A bounded number of places for connections, shared out by the address of who asks. When all are taken, a newcomer gets the
/// place of another: of the addresses with the most places, the connection that is not served and has been so the longest.
/// So whoever holds idle connections never keeps others out. Nobody loses a place to an address that then has more, and one that
/// is being served leaves only for an address that has fewer; where none can leave, the newcomer is refused.
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

    /// <summary>Takes a place, if need be that of another connection.</summary>
    /// <param name="asker">Who connects; what is no IP end point (a UNIX socket's client) is one asker.</param>
    /// <param name="giveUp">Ends the connection whose place another gets; called once at most, on the newcomer's thread.</param>
    /// <returns>The place, to be disposed of when the connection has ended; null when none is to be had.</returns>
    public ConnectionPlace? Enter(EndPoint? asker, Action giveUp)
    {
        ConnectionPlace? leaving = null;
        ConnectionPlace place;
        lock (_gate)
        {
            var key = asker is IPEndPoint { Address: var address } ? NetworkAddress.Sharer(address) : IPAddress.None;
            var share = _askers.GetValueOrDefault(key) ?? new ConnectionAsker(key);
            // The newcomer counts, so that an address cannot take from one that has as many.
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

    // Only a full house pays for this: a look at each place.
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

    // Nobody loses a place to an address that then has more.
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
