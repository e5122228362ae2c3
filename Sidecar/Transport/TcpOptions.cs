using System.Net.Sockets;

namespace Sidecar.Transport;

/// <summary>Options of the relayed TCP connections, on both sides.</summary>
public sealed record TcpOptions
{
    // linux/tcp.h, asm-generic/socket.h
    private const int Tcp = 6;
    private const int NoDelayOption = 1;
    private const int KeepIdle = 4;
    private const int KeepInterval = 5;
    private const int KeepCount = 6;
    private const int UserTimeoutOption = 18;
    private const int SocketLevel = 1;
    private const int KeepAliveOption = 9;
    private const int UrgentInline = 10;

    // Of a dead peer: so many unanswered probes, each a tenth of the silence apart, at least a second (Linux' own: 9, every 75 s).
    private const int Probes = 6;

    /// <summary>Sets one option; false when the kernel refuses.</summary>
    internal delegate bool Setter(int level, int name, int value);

    /// <summary>Whether small segments go out at once (TCP_NODELAY); default true, as Envoy and HAProxy do.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Silence after which the kernel probes the peer (SO_KEEPALIVE); null, the default, never.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); null, the default, leaves it to the kernel.</summary>
    public TimeSpan? UserTimeout { get; init; }

    /// <summary>Sets the options of a socket. Accepted sockets inherit those of the listening one (Linux).</summary>
    internal void Apply(Setter set)
    {
        // Urgent bytes stay in their place in the stream; out of it they would be lost.
        set(SocketLevel, UrgentInline, 1);
        if (NoDelay)
            set(Tcp, NoDelayOption, 1);
        if (KeepAlive is { } idle)
        {
            set(SocketLevel, KeepAliveOption, 1);
            set(Tcp, KeepIdle, Seconds(idle));
            set(Tcp, KeepInterval, Seconds(idle / 10));
            set(Tcp, KeepCount, Probes);
        }

        if (UserTimeout is { } limit)
            set(Tcp, UserTimeoutOption, (int)Math.Min(int.MaxValue, limit.TotalMilliseconds));
    }

    /// <summary>Sets the options of a socket of the framework.</summary>
    internal void Apply(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            Apply((level, name, value) =>
            {
                socket.SetRawSocketOption(level, name, BitConverter.GetBytes(value));
                return true;
            });
        }
        else
        {
            socket.NoDelay = NoDelay;
        }
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Min(short.MaxValue, time.TotalSeconds));
}
