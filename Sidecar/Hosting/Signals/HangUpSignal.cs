using System.Runtime.InteropServices;
using Sidecar.Hosting.Reload;
using Sidecar.Records;

namespace Sidecar.Hosting.Signals;

/// <summary>
/// SIGHUP: the files of all records are opened anew, for logrotate says by it that it has renamed them, and the configuration's
/// file is read again. It never ends the process, whether there is a file or not. A file that may not grow any more is an error of
/// the write, not the end of the process.
/// </summary>
internal sealed class HangUpSignal(IEnumerable<IReopenable> records, Reloader reloader) : IHostedService
{
    // asm-generic/signal.h: what a write beyond RLIMIT_FSIZE brings.
    private const PosixSignal FileTooLarge = (PosixSignal)25;

    private readonly List<IReopenable> _files = [.. records.Where(r => r.IsFile)];
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp));
        if (OperatingSystem.IsLinux())
            _registrations.Add(PosixSignalRegistration.Create(FileTooLarge, static context => context.Cancel = true));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _registrations.ForEach(r => r.Dispose());
        return Task.CompletedTask;
    }

    private void OnHangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        // Each reports by itself what it cannot open.
        _ = Task.WhenAll(_files.Select(file => file.ReopenAsync()));
        reloader.Tell();
    }
}
