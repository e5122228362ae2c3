using Chassis.Records;

namespace Sidecar.Owners;

/// <summary>The process behind one end of a connection; the default until another is found. As a text it is the process's number.</summary>
internal sealed class LocalProcess : ILateText
{
    // The digits of the largest number.
    private const int MaxDigits = 10;

    /// <summary>The sidecar, if there is no search.</summary>
    public static readonly LocalProcess Own = new(isPending: false);

    /// <summary>No process of this machine.</summary>
    public static readonly LocalProcess Unknown = new(isPending: false) { _id = 0 };

    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _id;
    private volatile bool _isFound;
    private volatile string? _command;
    private volatile string? _container;

    /// <param name="isPending">Whether there is a search.</param>
    /// <param name="otherwise">The process until another is found; null for this one.</param>
    public LocalProcess(bool isPending, LocalProcess? otherwise = null)
    {
        _id = otherwise?.Value ?? Environment.ProcessId;
        if (!isPending)
            _known.SetResult();
    }

    /// <inheritdoc/>
    public Task Known => _known.Task;

    /// <inheritdoc/>
    public int MaxLength => MaxDigits;

    /// <summary>Whether the search has ended by itself; after it nothing changes.</summary>
    public bool IsFound => _isFound;

    /// <summary>Its number; 0 if it is not known.</summary>
    public int Value => _id;

    /// <summary>Its name, of at most 15 bytes; null if it is not known.</summary>
    public string? Command => _command;

    /// <summary>The id of its container, of 64 hexadecimal digits; null if it has none, or it is not known.</summary>
    public string? Container => _container;

    /// <summary>The search has ended; later calls change nothing.</summary>
    /// <param name="id">The process; null if none was found.</param>
    /// <param name="command">Its name (proc_pid_comm(5)); null if it is not known.</param>
    /// <param name="container">The id of its container; null if it is not known.</param>
    public void Found(int? id, string? command = null, string? container = null)
    {
        if (_isFound)
            return;
        (_command, _container) = (command, container);
        _id = id ?? _id;
        _isFound = true;
        _known.TrySetResult();
    }

    /// <inheritdoc/>
    public int Write(Span<byte> room)
    {
        _id.TryFormat(room, out var digits);
        return digits;
    }

    /// <inheritdoc/>
    public void GiveUp() => _known.TrySetResult();
}
