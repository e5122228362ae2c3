using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;

namespace Sidecar.Handshakes;

/// <summary>
/// Feature: what a SOCKS client or p1 is told once it is known whether the upstream was reached. Exactly one of the two is sent.
/// </summary>
internal sealed class DownstreamAnswer(byte[] granted, byte[] refused)
{
    /// <summary>Whether one of the two was sent.</summary>
    public bool IsSent { get; private set; }

    /// <summary>Tells that bytes may flow.</summary>
    public ValueTask GrantAsync(ConnectionContext connection) => SendAsync(connection, granted);

    /// <summary>Tells of the refusal, unless the grant was sent.</summary>
    public ValueTask RefuseUnlessGrantedAsync(ConnectionContext connection) => IsSent ? default : SendAsync(connection, refused);

    private async ValueTask SendAsync(ConnectionContext connection, byte[] bytes)
    {
        IsSent = true;
        // A few bytes on a fresh connection: this fills no buffer, so it cannot wait for the other side.
        try
        {
            await connection.Transport.Output.WriteAsync(bytes);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            connection.Report().End(RelayEndReason.ClientReset, error.Message);
        }
    }
}
