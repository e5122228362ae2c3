using System.Net.Sockets;
using Sidecar.Net;

namespace Sidecar.Options;

/// <summary>Options of the relayed TCP connections, on both sides.</summary>
public sealed record TcpOptions
{
    /// <summary>Longest silence before a probe that the kernel accepts (MAX_TCP_KEEPIDLE, linux/tcp.h).</summary>
    public static readonly TimeSpan MaxKeepAlive = TimeSpan.FromSeconds(32_767);

    // With the probes below, a peer that is gone is noticed after 96 s. That is sooner than by Go's net package (15 s, then 9 probes every
    // 15 s), and before load balancers forget silent connections (Azure 4 min, AWS 350 s). Between linkerd (10 s) and ztunnel (180 s).
    private static readonly TimeSpan DefaultKeepAlive = TimeSpan.FromMinutes(1);

    // Unanswered probes until a peer counts as dead, each a tenth of the silence apart, at least a second (Linux's default: 9, every 75 s).
    private const int Probes = 6;

    // If one side has ended, conntrack forgets a connection after 60 s of silence (nf_conntrack_tcp_timeout_close_wait).
    private static readonly TimeSpan HalfClosedKeepAlive = TimeSpan.FromSeconds(30);

    private IReadOnlyList<(KernelOption Option, int Value)>? _options;
    private (KernelOption Option, int Value)[]? _halfClosed;

    /// <summary>Whether small segments are sent at once (TCP_NODELAY); default true, as for Envoy and HAProxy.</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>
    /// Silence after which the kernel probes the peer (SO_KEEPALIVE), 1 s to <see cref="MaxKeepAlive"/>; default 1 min. Null probes only when
    /// one side has ended.
    /// </summary>
    public TimeSpan? KeepAlive { get; init; } = DefaultKeepAlive;

    /// <summary>How long sent bytes can stay unacknowledged (TCP_USER_TIMEOUT); null, the default, leaves it to the kernel.</summary>
    public TimeSpan? UserTimeout { get; init; }

    /// <summary>The options as the kernel's (Linux). Accepted sockets inherit those of the listening socket.</summary>
    internal IReadOnlyList<(KernelOption Option, int Value)> Options => _options ??= [.. List()];

    /// <summary>
    /// Options that are added when one side has ended: the kernel probes the peer after 30 s of silence, or earlier if
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
        // Urgent bytes stay in their place in the stream; otherwise they would be lost.
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
        // After SO_KEEPALIVE the time counts from the last byte, before it from now (tcp_sock_set_keepidle).
        (KernelOption.KeepIdle, Seconds(idle)),
        (KernelOption.KeepInterval, Seconds(idle / 10)),
        (KernelOption.KeepCount, Probes),
    ];

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
