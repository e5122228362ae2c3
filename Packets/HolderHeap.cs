namespace Packets;

/// <summary>The connections with waiting bytes, as a heap: the one that holds the most is at the top.</summary>
internal sealed class HolderHeap
{
    private readonly List<TcpConnection> _heap = [];

    /// <summary>The connection that holds the most.</summary>
    public TcpConnection Top => _heap[0];

    /// <summary>Puts a connection where its cost belongs.</summary>
    public void Update(TcpConnection connection)
    {
        var cost = connection.Cost;
        if (cost == connection.HolderCost)
            return;
        connection.HolderCost = cost;
        if (connection.HolderIndex < 0)
        {
            connection.HolderIndex = _heap.Count;
            _heap.Add(connection);
        }

        if (cost > 0)
            Sift(connection);
        else
            Remove(connection);
    }

    private void Remove(TcpConnection connection)
    {
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last != connection)
        {
            Put(last, connection.HolderIndex);
            Sift(last);
        }

        connection.HolderIndex = -1;
    }

    private void Sift(TcpConnection connection)
    {
        var at = connection.HolderIndex;
        for (int parent; at > 0 && _heap[parent = (at - 1) / 2].HolderCost < connection.HolderCost; at = parent)
            Put(_heap[parent], at);
        while (Larger(at) is { } child && _heap[child].HolderCost > connection.HolderCost)
        {
            Put(_heap[child], at);
            at = child;
        }

        Put(connection, at);
    }

    // Of the two below a place, the one that holds more.
    private int? Larger(int at)
    {
        var left = (2 * at) + 1;
        if (left >= _heap.Count)
            return null;
        return left + 1 < _heap.Count && _heap[left + 1].HolderCost > _heap[left].HolderCost ? left + 1 : left;
    }

    private void Put(TcpConnection connection, int at)
    {
        _heap[at] = connection;
        connection.HolderIndex = at;
    }
}
