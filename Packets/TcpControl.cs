namespace Packets;

/// <summary>The control bits of a TCP segment that matter for putting streams together (RFC 9293, 3.1).</summary>
[Flags]
public enum TcpControl
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>No more bytes from the sender; takes one sequence number.</summary>
    Fin = 0x01,

    /// <summary>A connection begins; takes one sequence number.</summary>
    Syn = 0x02,

    /// <summary>The connection is reset.</summary>
    Rst = 0x04,

    /// <summary>The acknowledgement number counts.</summary>
    Ack = 0x10,
}
