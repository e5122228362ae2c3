using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Configuration;
using Sidecar.Destination;
using Sidecar.Relay;

namespace Sidecar.Records;

/// <summary>Why a connection ended, and in words.</summary>
internal sealed record Ending(RelayEndReason Reason, string? Detail);

/// <summary>Feature: what is known of a connection while it lives. Stages fill it in; the first failure stands.</summary>
internal sealed class ConnectionReport(ListenerOptions listener, ClientAddress peer)
{
    private Ending? _ending;
    private bool _completed;

    public ListenerOptions Listener => listener;

    /// <summary>Who connected to the listener.</summary>
    public ClientAddress Peer { get; } = peer;

    /// <summary>The client: the peer itself, or whom a PROXY header of the peer names.</summary>
    public ClientAddress Client { get; set; } = peer;

    /// <summary>The connection's name; p2 takes over the one that p1 drew.</summary>
    public ConnectionId Id { get; set; } = ConnectionId.New();

    public HostPort? Destination { get; set; }

    public UpstreamAddress? Upstream { get; set; }

    public TransformSpec? Transform { get; set; }

    /// <summary>Bytes relayed from and to the client's side; handshakes are not counted.</summary>
    public ByteCounts Downstream { get; } = new();

    /// <summary>Bytes relayed from and to the upstream.</summary>
    public ByteCounts UpstreamBytes { get; } = new();

    /// <summary>What went wrong; null as long as nothing did.</summary>
    public Ending? Failure => Volatile.Read(ref _ending);

    /// <summary>How the connection ended, once its last stage has returned.</summary>
    public Ending Ending => Failure
        ?? (_completed ? new Ending(RelayEndReason.Completed, null) : new Ending(RelayEndReason.InternalError, "no stage gave a reason"));

    /// <summary>Notes what went wrong. Any thread may call it; only the first call counts.</summary>
    /// <returns>Always false, so that a check can end with it.</returns>
    public bool End(RelayEndReason reason, string? detail = null)
    {
        Interlocked.CompareExchange(ref _ending, new Ending(reason, detail), null);
        return false;
    }

    /// <summary>Both directions reached their end.</summary>
    public void Complete() => _completed = true;
}

internal static class ConnectionReportExtensions
{
    /// <summary>The report that the first stage of every pipeline made.</summary>
    public static ConnectionReport Report(this ConnectionContext connection) => connection.Features.Get<ConnectionReport>()!;
}
