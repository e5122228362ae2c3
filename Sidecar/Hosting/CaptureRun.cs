using Chassis;
using Sidecar.Capture;
using Sidecar.Hosting.Signals;

namespace Sidecar.Hosting;

/// <summary>Runs a capture on a thread of its own, from the start of the process to the end of the capture or of the process.</summary>
internal sealed partial class CaptureRun(ICaptureSource source, CaptureObserver observer, IHostApplicationLifetime lifetime, ILogger<CaptureRun> logger) : IStoppable, IDisposable
{
    private const int Failed = 1;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hasBegunToStop;

    /// <summary>Completes with the exit code when the capture has ended.</summary>
    public Task<int> Ended => _ended.Task;

    /// <summary>Why the source is not the one that was wanted; null if it is.</summary>
    public string? Note { get; set; }

    /// <summary>Why the process is not ready; null if it is.</summary>
    public string? NotReady => _ended.Task.IsCompleted ? "the capture has ended" : null;

    /// <summary>Begins to capture.</summary>
    public void Start()
    {
        if (Note is not null)
            Log.Note(logger, Note);
        Log.Capturing(logger, source.Description);
        new Thread(Run) { IsBackground = true, Name = "capture" }.Start();
    }

    /// <inheritdoc/>
    public void Begin()
    {
        if (Interlocked.Exchange(ref _hasBegunToStop, 1) == 1)
            return;
        lifetime.StopApplication();
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public void Hurry() => _ended.TrySetResult(0);

    public void Dispose() => _stop.Dispose();

    private void Run()
    {
        try
        {
            observer.Stop = _stop.Token;
            source.Run(observer, _stop.Token);
            observer.Complete();
            if (source.Remark is { } remark)
                Log.Remark(logger, source.Description, remark);
            Log.Ended(logger, observer.Packets, observer.Opened, observer.LostPackets);
            _ended.TrySetResult(0);
        }
        catch (Exception error) when (error is FormatException or IOException)
        {
            // What was understood before is recorded.
            observer.Complete();
            Log.Failed(logger, source.Description, OneLine.Of(error.Message));
            _ended.TrySetResult(Failed);
        }
        catch (Exception bug)
        {
            Log.Bug(logger, bug);
            _ended.TrySetResult(Failed);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(95, LogLevel.Information, "Capturing from {Source}")]
        public static partial void Capturing(ILogger logger, string source);

        [LoggerMessage(96, LogLevel.Warning, "{Note}")]
        public static partial void Note(ILogger logger, string note);

        [LoggerMessage(94, LogLevel.Warning, "The capture from {Source}: {Remark}")]
        public static partial void Remark(ILogger logger, string source, string remark);

        [LoggerMessage(97, LogLevel.Information, "The capture has ended: {Packets} packets, {Connections} connections, {Lost} packets lost")]
        public static partial void Ended(ILogger logger, long packets, long connections, long lost);

        [LoggerMessage(98, LogLevel.Error, "The capture from {Source} ends early: {Reason}")]
        public static partial void Failed(ILogger logger, string source, string reason);

        [LoggerMessage(99, LogLevel.Critical, "The capture ends because of a bug")]
        public static partial void Bug(ILogger logger, Exception bug);
    }
}
