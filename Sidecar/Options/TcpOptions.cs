using System.Net.Sockets;
using Sidecar.Net;

namespace Sidecar.Options;

/// <summary>Options of the relayed TCP connections, on both sides.</summary>
public sealed record TcpOptions
{
    /// <summary>Longest silence before a probe that the kernel takes (MAX_TCP_KEEPIDLE, linux/tcp.h).</summary>
    public static readonly TimeSpan MaxKeepAlive = TimeSpan.FromSeconds(32_767);

    // Of a dead peer: so many unanswered probes, each a tenth of the silence apart, at least a second (Linux' own: 9, every 75 s).
    private const int Probes = 6;

    // conntrack forgets a connection of which one side has ended after 60 s of silence (nf_conntrack_tcp_timeout_close_wait).
    private static readonly TimeSpan HalfClosedKeepAlive = TimeSpan.FromSeconds(30);

    private IReadOnlyList<(KernelOption Option, int Value)>? _options;
    private (KernelOption Option, int Value)[]? _halfClosed;

    /// <summary>Whether small segments go out at once (TCP_NODELAY); default true, as Envoy and HAProxy do.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Silence after which the kernel probes the peer (SO_KEEPALIVE); null, the default, only once one side has ended.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); null, the default, leaves it to the kernel.</summary>
    public TimeSpan? UserTimeout { get; init; }

    /// <summary>The options in the kernel's terms (Linux). Accepted sockets inherit those of the listening one.</summary>
    internal IReadOnlyList<(KernelOption Option, int Value)> Options => _options ??= [.. List()];

    /// <summary>
    /// What is added once one side has ended: whoever waits for the other is probed after 30 s of silence, or sooner when
    /// <see cref="KeepAlive"/> says so.
    /// </summary>
    internal (KernelOption Option, int Value)[] HalfClosedOptions =>
        _halfClosed ??= KeepAlive <= HalfClosedKeepAlive ? [] : Probing(HalfClosedKeepAlive);

    /// <summary>Sets the options of a socket of the framework.</summary>
    internal void Apply(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            socket.NoDelay = NoDelay;
            return;
        }

        foreach (var (option, value) in Options)
            option.Set(socket, value);
    }

    private IEnumerable<(KernelOption Option, int Value)> List()
    {
        // Urgent bytes stay in their place in the stream; out of it they would be lost.
        yield return (KernelOption.UrgentInline, 1);
        if (NoDelay)
            yield return (KernelOption.NoDelay, 1);
        if (KeepAlive is { } idle)
        {
            foreach (var option in Probing(idle))
                yield return option;
        }

        if (UserTimeout is { } limit)
            yield return (KernelOption.UserTimeout, (int)Math.Min(int.MaxValue, limit.TotalMilliseconds));
    }

    private static (KernelOption Option, int Value)[] Probing(TimeSpan idle) =>
    [
        (KernelOption.KeepAlive, 1),
        // Behind it the time counts from the last byte, before it from now (tcp_sock_set_keepidle).
        (KernelOption.KeepIdle, Seconds(idle)),
        (KernelOption.KeepInterval, Seconds(idle / 10)),
        (KernelOption.KeepCount, Probes),
    ];

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
