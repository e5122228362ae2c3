using ByteFilters;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>Why a connection ended, as a reason and in words.</summary>
internal sealed record Ending(RelayEndReason Reason, string? Detail);

/// <summary>
/// Feature: the state of a connection while it lives. Its stages fill it in; the admin port and the metrics read it from
/// other threads, so each value is published as one reference. The first failure counts.
/// </summary>
/// <param name="listener">The listener that accepted it.</param>
/// <param name="timeouts">The time limits of the process.</param>
/// <param name="peer">The address that connected.</param>
/// <param name="downstream">The accepted connection.</param>
/// <param name="opened">Time of the accept: a timestamp of the process's clock.</param>
internal sealed class ConnectionInfo(ListenerOptions listener, TimeoutOptions timeouts, ClientAddress peer, ConnectionContext downstream, long opened)
{
    // Continuations run inline: the transport's last step runs on the thread, and event loop, that accounted for the connection.
    private readonly TaskCompletionSource _accounted = new();

    private object? _id;
    private object? _destination;
    private string? _name;
    private object? _upstream;
    private TransformExpression? _transform;
    private Ending? _ending;
    private ConnectionContext? _upstreamConnection;
    private IRelay? _relay;
    private UnobservedRecord? _unobserved;
    private bool _completed;
    private bool _aborted;

    public ListenerOptions Listener => listener;

    /// <summary>The address that connected to the listener.</summary>
    public ClientAddress Peer { get; } = peer;

    /// <summary>The client: the peer itself, or the client that the peer's PROXY header names.</summary>
    public ClientAddress Client { get; set; } = peer;

    /// <summary>Its time limits: those of the process, or of its route.</summary>
    public TimeoutOptions Timeouts { get; set; } = timeouts;

    /// <summary>Time of the accept: a timestamp of the process's clock.</summary>
    public long Opened => opened;

    /// <summary>The connection's id, made at the first use; p2 takes over the id that p1 made.</summary>
    public ConnectionId Id
    {
        get => (ConnectionId)(Volatile.Read(ref _id) ?? DrawId());
        set => Volatile.Write(ref _id, value);
    }

    public HostPort? Destination
    {
        get => (HostPort?)Volatile.Read(ref _destination);
        set => Volatile.Write(ref _destination, value);
    }

    /// <summary>The host name that the client itself has sent, if a route depended on it; null if it has sent none.</summary>
    public string? Name
    {
        get => Volatile.Read(ref _name);
        set => Volatile.Write(ref _name, value);
    }

    public UpstreamAddress? Upstream
    {
        get => (UpstreamAddress?)Volatile.Read(ref _upstream);
        set => Volatile.Write(ref _upstream, value);
    }

    public TransformExpression? Transform
    {
        get => Volatile.Read(ref _transform);
        set => Volatile.Write(ref _transform, value);
    }

    /// <summary>Whether there is a sidecar on the other side; null in role alone, and before that is known.</summary>
    public PeerSession? Session { get; set; }

    /// <summary>Its last stage, when it runs, for taps.</summary>
    public IRelay? Relay
    {
        get => Volatile.Read(ref _relay);
        set => Volatile.Write(ref _relay, value);
    }

    /// <summary>Why it is not observed to its end; null if it is, or if it should not be observed.</summary>
    public UnobservedRecord? Unobserved
    {
        get => Volatile.Read(ref _unobserved);
        set => Volatile.Write(ref _unobserved, value);
    }

    /// <summary>Bytes relayed from and to the client's side; handshakes are not counted.</summary>
    public ByteCounts Downstream { get; } = new();

    /// <summary>Bytes relayed from and to the upstream.</summary>
    public ByteCounts UpstreamBytes { get; } = new();

    /// <summary>The bytes as applications see them: at p1 and alone those of the client, at p2 those of the service.</summary>
    public ByteCounts Plain => listener.Role == SidecarRole.Inbound ? UpstreamBytes : Downstream;

    /// <summary>The bytes after the codec, as many as it made.</summary>
    public ByteCounts Wire => listener.Role == SidecarRole.Inbound ? Downstream : UpstreamBytes;

    /// <summary>What went wrong; null if nothing did.</summary>
    public Ending? Failure => Volatile.Read(ref _ending);

    /// <summary>How the connection ended, after its last stage has returned.</summary>
    public Ending Ending => Failure
        ?? (IsCompleted ? new Ending(RelayEndReason.Completed, null) : new Ending(RelayEndReason.InternalError, "no stage gave a reason"));

    /// <summary>Whether both directions have reached their end.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed);

    /// <summary>Its index in the <see cref="ConnectionRegistry"/>, guarded by the registry's lock; null if it has none.</summary>
    public int? Slot { get; set; }

    /// <summary>Where it is counted for its client, set under the registry's lock; null if it is not.</summary>
    public CountedClient? Counted { get; set; }

    /// <summary>Whether the registry has accounted for its end; guarded by the registry's lock.</summary>
    public bool IsAccounted { get; set; }

    /// <summary>Completes when records, metrics and logs all have the end.</summary>
    public Task Accounted => _accounted.Task;

    /// <summary>Whether it was reset from outside its stages; errors of the stages after that are not bugs.</summary>
    public bool IsAborted => Volatile.Read(ref _aborted);

    /// <summary>Whether it has this id; a connection with an id that was never used matches none.</summary>
    public bool IsNamed(ConnectionId id) => Volatile.Read(ref _id) is ConnectionId own && own == id;

    /// <summary>Notes what went wrong. Any thread can call it; only the first call counts.</summary>
    /// <returns>Always false, so that a check can end with it.</returns>
    public bool End(RelayEndReason reason, string? detail = null)
    {
        Interlocked.CompareExchange(ref _ending, new Ending(reason, detail), null);
        return false;
    }

    /// <summary>Both directions reached their end.</summary>
    public void Complete() => Volatile.Write(ref _completed, true);

    /// <summary>
    /// Resets both sides, from any thread. Stages notice it at once; a stage that waits for something else notices it afterwards.
    /// </summary>
    public void Abort(RelayEndReason reason, string detail)
    {
        End(reason, detail);
        Volatile.Write(ref _aborted, true);
        // Pairs with Attach: at least one of the two sees what the other has written.
        Interlocked.MemoryBarrier();
        var error = new ConnectionAbortedException(detail);
        downstream.Abort(error);
        Volatile.Read(ref _upstreamConnection)?.Abort(error);
    }

    /// <summary>Makes the upstream connection known to <see cref="Abort"/>; if that was called before, the connection is reset.</summary>
    /// <returns>Whether the connection goes on.</returns>
    public bool Attach(ConnectionContext upstream)
    {
        Volatile.Write(ref _upstreamConnection, upstream);
        Interlocked.MemoryBarrier();
        if (!IsAborted)
            return true;
        upstream.Abort();
        return false;
    }

    /// <summary>Records, metrics and logs all have the end, or a bug has prevented that.</summary>
    public void MarkAccounted(Exception? bug)
    {
        if (bug is null)
            _accounted.SetResult();
        else
            _accounted.SetException(bug);
    }

    private object DrawId()
    {
        object drawn = ConnectionId.New();
        return Interlocked.CompareExchange(ref _id, drawn, null) ?? drawn;
    }
}

internal static class ConnectionInfoExtensions
{
    /// <summary>The report that the first stage of every pipeline made.</summary>
    public static ConnectionInfo Info(this ConnectionContext connection) => connection.Features.Get<ConnectionInfo>()!;
}
