using System.Runtime.InteropServices;

namespace Sidecar.Hosting.Signals;

/// <summary>SIGTERM, SIGINT and SIGQUIT: the first begins the end of the process, the next hurries it.</summary>
internal sealed class StopSignals(IStoppable process) : IHostLifetime, IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];

    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _received;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.AddRange(Signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(r => r.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        // Without this the runtime would end the process.
        context.Cancel = true;
        // POST /drain is not counted, because it often comes from a hook right before the first signal.
        if (Interlocked.Increment(ref _received) > 1)
            process.Hurry();
        else
            process.Begin();
    }
}
