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

    private IReadOnlyList<(int Level, int Name, int Value)>? _options;

    /// <summary>Whether small segments go out at once (TCP_NODELAY); default true, as Envoy and HAProxy do.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Silence after which the kernel probes the peer (SO_KEEPALIVE); null, the default, never.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); null, the default, leaves it to the kernel.</summary>
    public TimeSpan? UserTimeout { get; init; }

    /// <summary>The options in the kernel's terms (Linux). Accepted sockets inherit those of the listening one.</summary>
    internal IReadOnlyList<(int Level, int Name, int Value)> Options => _options ??= [.. List()];

    /// <summary>Sets the options of a socket of the framework.</summary>
    internal void Apply(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            socket.NoDelay = NoDelay;
            return;
        }

        foreach (var (level, name, value) in Options)
            socket.SetRawSocketOption(level, name, BitConverter.GetBytes(value));
    }

    private IEnumerable<(int Level, int Name, int Value)> List()
    {
        // Urgent bytes stay in their place in the stream; out of it they would be lost.
        yield return (SocketLevel, UrgentInline, 1);
        if (NoDelay)
            yield return (Tcp, NoDelayOption, 1);
        if (KeepAlive is { } idle)
        {
            yield return (SocketLevel, KeepAliveOption, 1);
            yield return (Tcp, KeepIdle, Seconds(idle));
            yield return (Tcp, KeepInterval, Seconds(idle / 10));
            yield return (Tcp, KeepCount, Probes);
        }

        if (UserTimeout is { } limit)
            yield return (Tcp, UserTimeoutOption, (int)Math.Min(int.MaxValue, limit.TotalMilliseconds));
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Min(short.MaxValue, time.TotalSeconds));
}
