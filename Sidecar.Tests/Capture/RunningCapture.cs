using Sidecar.Capture;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>A source that delivers, on a thread of its own, until disposed.</summary>
internal sealed class RunningCapture : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private Exception? _failure;

    private RunningCapture(ICaptureSource source, IPacketSink sink)
    {
        Source = source;
        _thread = new Thread(() => _failure = Record.Exception(() => source.Run(sink, _stop.Token))) { IsBackground = true };
        _thread.Start();
    }

    public ICaptureSource Source { get; }

    /// <summary>Starts a source; one of packets in a network namespace.</summary>
    public static RunningCapture Start(CaptureKind kind, IPacketSink sink, CaptureFilter? filter = null, CaptureOptions? options = null, NetworkNamespace? space = null)
    {
        ICaptureSource Open() => CaptureSources.Open((options ?? new CaptureOptions()) with { Kind = kind }, filter ?? CaptureFilter.All, out _);
        return new RunningCapture(space is null ? Open() : NamespaceThread.Run(space.Name, user: 0, group: 0, Open), sink);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        Source.Dispose();
        _stop.Dispose();
        Assert.Null(_failure);
    }
}
