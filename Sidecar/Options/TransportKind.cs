namespace Sidecar.Options;

/// <summary>The transport that accepts and connects.</summary>
public enum TransportKind
{
    /// <summary>The sidecar's own event loops; Linux only.</summary>
    Epoll,

    /// <summary>Kestrel's socket transport.</summary>
    Sockets,
}
