using Microsoft.AspNetCore.Connections;
using Sidecar.Net;

namespace Sidecar.Transport;

/// <summary>A connection whose socket answers the kernel's own options, as for SO_ORIGINAL_DST. Linux only.</summary>
internal interface IRawSocket
{
    /// <summary>Bytes that were sent and that the peer has not acknowledged, a FIN left out; 0 once this process has closed the socket.</summary>
    public int Unacknowledged { get; }

    /// <summary>Whether bytes, an end or an error wait to be read. Only who may read may ask.</summary>
    public bool HasNews { get; }

    /// <summary>Reads an option in the kernel's form.</summary>
    /// <returns>Its length in bytes, or -1 when the kernel has none to tell.</returns>
    public int GetRawOption(KernelOption option, Span<byte> value);

    /// <summary>Sets an option that is a number; a socket that is closed has none.</summary>
    public void SetRawOption(KernelOption option, int value);

    /// <summary>Sends FIN behind what was sent; reading goes on.</summary>
    public void ShutdownSend();
}

internal static class RawSocketExtensions
{
    /// <summary>The connection's socket; null when it has none.</summary>
    public static IRawSocket? RawSocket(this ConnectionContext connection) => connection.Features.Get<IRawSocket>();
}
