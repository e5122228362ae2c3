using System.Runtime.InteropServices;
using Sidecar.Records;

namespace Sidecar.Hosting.Signals;

/// <summary>
/// SIGHUP: opens all record files again, because logrotate sends it after it has renamed them, and reads the configuration file
/// again. It never ends the process, with or without a file. A file that has reached its largest size makes a write fail, but does
/// not end the process.
/// </summary>
internal sealed class HangUpSignal(IEnumerable<IReopenable> records, IReloadable reloader) : IHostedService
{
    // asm-generic/signal.h: the signal for a write beyond RLIMIT_FSIZE.
    private const PosixSignal FileTooLarge = (PosixSignal)25;

    private static IEnumerable<PosixSignal> Signals => OperatingSystem.IsLinux() ? [PosixSignal.SIGHUP, FileTooLarge] : [PosixSignal.SIGHUP];

    // Stays for the life of the process: a signal that is handled only after the sidecar has stopped would end the process.
    private static readonly Lazy<IReadOnlyList<PosixSignalRegistration>> Ignored = new(() =>
        [.. Signals.Select(signal => PosixSignalRegistration.Create(signal, static context => context.Cancel = true))]);

    private readonly List<IReopenable> _files = [.. records.Where(r => r.IsFile)];
    private PosixSignalRegistration? _hangUp;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Ignored.Value;
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _hangUp?.Dispose();
        return Task.CompletedTask;
    }

    private void OnHangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        // Each file logs by itself that it cannot be opened.
        _ = Task.WhenAll(_files.Select(file => file.ReopenAsync()));
        reloader.Tell();
    }
}
