using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;

namespace Sidecar.Handshakes;

/// <summary>
/// Feature: the two possible answers to a SOCKS client or p1, when it is known whether the upstream was reached. Exactly one is sent.
/// </summary>
internal sealed class DownstreamAnswer(byte[] granted, byte[] refused)
{
    /// <summary>Whether one of the two was sent.</summary>
    public bool IsSent { get; private set; }

    /// <summary>Sends the grant: bytes can flow.</summary>
    public ValueTask GrantAsync(ConnectionContext connection) => SendAsync(connection, granted);

    /// <summary>Sends the refusal, unless the grant was sent.</summary>
    public ValueTask RefuseUnlessGrantedAsync(ConnectionContext connection) => IsSent ? default : SendAsync(connection, refused);

    private async ValueTask SendAsync(ConnectionContext connection, byte[] bytes)
    {
        IsSent = true;
        // A few bytes on a fresh connection fill no buffer, so this cannot wait for the other side.
        try
        {
            await connection.Transport.Output.WriteAsync(bytes);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            connection.Info().End(RelayEndReason.ClientReset, error.Message);
        }
    }
}
