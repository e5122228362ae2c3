using Chassis.Net;

namespace Sidecar.Upstream;

/// <summary>
/// Places for attempts to connect that overlap with others of the same connection. The connection limit counts only a connection's
/// own descriptors; those of these attempts come from the reserve.
/// </summary>
internal sealed class AttemptPlaces
{
    /// <summary>The number of places in the whole process: an eighth of <see cref="OpenFiles.Reserve"/>.</summary>
    public const int Count = OpenFiles.Reserve / 8;

    private int _taken;

    /// <summary>Places in use.</summary>
    public int Taken => Volatile.Read(ref _taken);

    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= Count)
            return true;
        Release();
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _taken);
}
