using Chassis.Records;

namespace Sidecar.Records.Exchanges;

/// <summary>The process behind a connection's local end; the sidecar itself until another is found.</summary>
internal sealed class LocalProcess : ILateNumber
{
    /// <summary>The sidecar, if there is no search.</summary>
    public static readonly LocalProcess Own = new(isPending: false);

    /// <summary>No process of this machine.</summary>
    public static readonly LocalProcess Unknown = new(isPending: false) { _id = 0 };

    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isPending;
    private volatile int _id;

    /// <param name="isPending">Whether there is a search.</param>
    /// <param name="otherwise">The process until another is found; null for this one.</param>
    public LocalProcess(bool isPending, LocalProcess? otherwise = null)
    {
        (_isPending, _id) = (isPending, otherwise?.Value ?? Environment.ProcessId);
        if (!isPending)
            _known.SetResult();
    }

    /// <summary>Whether new records should wait for it.</summary>
    public bool IsPending => _isPending;

    /// <inheritdoc/>
    public Task Known => _known.Task;

    /// <inheritdoc/>
    public int Value => _id;

    /// <summary>The search has ended.</summary>
    /// <param name="id">The process; null if none was found.</param>
    public void Found(int? id)
    {
        _id = id ?? _id;
        _isPending = false;
        _known.TrySetResult();
    }

    /// <inheritdoc/>
    public void GiveUp()
    {
        _isPending = false;
        _known.TrySetResult();
    }
}
