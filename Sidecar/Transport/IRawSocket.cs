using Microsoft.AspNetCore.Connections;
using Sidecar.Net;

namespace Sidecar.Transport;

/// <summary>A socket with the kernel's own options, such as SO_ORIGINAL_DST. Linux only.</summary>
internal interface IRawSocket
{
    /// <summary>Sent bytes without the FIN that the peer has not acknowledged; 0 if this process has closed the socket.</summary>
    public int Unacknowledged { get; }

    /// <summary>Whether bytes, an end or an error wait to be read. Only the reader may call it.</summary>
    public bool HasNews { get; }

    /// <summary>Reads an option in the kernel's format.</summary>
    /// <returns>Its length in bytes, or -1 if the kernel does not have it.</returns>
    public int GetRawOption(KernelOption option, Span<byte> value);

    /// <summary>Sets a numeric option; on a closed socket it does nothing.</summary>
    public void SetRawOption(KernelOption option, int value);

    /// <summary>Sends FIN after the sent bytes; reading continues.</summary>
    public void ShutdownSend();
}

internal static class RawSocketExtensions
{
    /// <summary>The connection's socket; null if it has none.</summary>
    public static IRawSocket? RawSocket(this ConnectionContext connection) => connection.Features.Get<IRawSocket>();
}
