using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Oracle.Serving;

/// <summary>
/// The open connections, at most as many as a limit, shared out by the asker's address. In a full house a newcomer whose
/// address has fewer than its share takes the place of the longest idle connection of the address that has the most; any
/// other takes that of the longest idle one of its own address. So nobody is kept out by those who only sit. Thread-safe.
/// </summary>
internal sealed class OpenConnections(int limit)
{
    private readonly Lock _lock = new();
    // Of each address the connection that asked last stands at the end.
    private readonly Dictionary<IPAddress, LinkedList<OpenConnection>> _places = [];
    private int _open;

    /// <summary>Takes a place.</summary>
    /// <param name="connection">The newcomer.</param>
    /// <param name="asker">Its address, in the form in which addresses are compared.</param>
    /// <param name="displaced">Whose place it was, if the house was full: the caller ends it.</param>
    public OpenConnection Enter(ConnectionContext connection, IPAddress asker, out OpenConnection? displaced)
    {
        displaced = null;
        lock (_lock)
        {
            if (_open == limit)
            {
                displaced = LongestIdleOf(asker);
                displaced.IsDisplaced = true;
                Remove(displaced);
            }

            var entered = new OpenConnection(connection, asker);
            if (!_places.TryGetValue(asker, out var own))
                _places.Add(asker, own = new LinkedList<OpenConnection>());
            own.AddLast(entered.Place);
            _open++;
            return entered;
        }
    }

    /// <summary>Notes that a connection asks: it is idle from now on at the earliest.</summary>
    public void NoteQuestion(OpenConnection connection)
    {
        lock (_lock)
        {
            // It may have lost its place meanwhile.
            if (connection.Place.List is not { } own)
                return;
            own.Remove(connection.Place);
            own.AddLast(connection.Place);
        }
    }

    /// <summary>Gives the place back, unless another has it by now.</summary>
    public void Leave(OpenConnection connection)
    {
        lock (_lock)
            Remove(connection);
    }

    private OpenConnection LongestIdleOf(IPAddress asker)
    {
        var own = _places.GetValueOrDefault(asker);
        // The newcomer's address counts among those that share, also when it has none yet.
        var share = Math.Max(1, limit / (_places.Count + (own is null ? 1 : 0)));
        // Looking through all addresses is bearable: there are no more of them than connections.
        var from = own?.Count >= share ? own : _places.Values.MaxBy(places => places.Count)!;
        return from.First!.Value;
    }

    private void Remove(OpenConnection connection)
    {
        if (connection.Place.List is not { } own)
            return;
        own.Remove(connection.Place);
        _open--;
        if (own.Count == 0)
            _places.Remove(connection.Asker);
    }
}
