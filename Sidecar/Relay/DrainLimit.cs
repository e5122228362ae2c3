using Sidecar.Configuration;

namespace Sidecar.Relay;

/// <summary>When the process has been told to stop and the drain time is over: what still lives is ended then.</summary>
internal sealed class DrainLimit : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _stopping;

    public DrainLimit(SidecarOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        Over = _over.Token;
        _stopping = lifetime.ApplicationStopping.Register(() => _over.CancelAfter(options.Drain));
    }

    /// <summary>Set once the drain time is over.</summary>
    public CancellationToken Over { get; }

    public void Dispose()
    {
        _stopping.Dispose();
        _over.Dispose();
    }
}
