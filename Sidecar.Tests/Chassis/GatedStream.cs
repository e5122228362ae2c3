using System.Text;

namespace Sidecar.Tests.Chassis;

/// <summary>Keeps what is written, but only once the gate is open.</summary>
internal sealed class GatedStream : MemoryStream
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _writes;

    public GatedStream(bool isOpen = false)
    {
        if (isOpen)
            Open();
    }

    /// <summary>Completes when somebody writes.</summary>
    public Task Entered => _entered.Task;

    public int Writes => Volatile.Read(ref _writes);

    public string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(ToArray());
        }
    }

    public IEnumerable<string> Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Open() => _gate.SetResult();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _writes);
        _entered.TrySetResult();
        await _gate.Task;
        lock (_lock)
            Write(buffer.Span);
    }
}
