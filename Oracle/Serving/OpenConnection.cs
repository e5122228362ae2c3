using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Oracle.Serving;

/// <summary>One of the <see cref="OpenConnections"/>.</summary>
internal sealed class OpenConnection
{
    private readonly ConnectionContext _connection;
    private volatile bool _displaced;

    /// <summary>A connection that has not asked yet.</summary>
    public OpenConnection(ConnectionContext connection, IPAddress asker)
    {
        (_connection, Asker) = (connection, asker);
        Place = new LinkedListNode<OpenConnection>(this);
    }

    /// <summary>Address of the asker.</summary>
    public IPAddress Asker { get; }

    /// <summary>Where it stands among those of its address; of no list once it has left.</summary>
    public LinkedListNode<OpenConnection> Place { get; }

    /// <summary>Whether another one has its place.</summary>
    public bool IsDisplaced
    {
        get => _displaced;
        set => _displaced = value;
    }

    /// <summary>Ends it for the one that has its place now.</summary>
    public void Displace() => _connection.Abort(new ConnectionAbortedException("another connection needs the place"));
}
