using Chassis.Net;

namespace Sidecar.Upstream;

/// <summary>
/// Places for attempts to connect that overlap with others of the same connection. A connection's own descriptors are counted
/// by the connection limit; these come out of the reserve.
/// </summary>
internal sealed class AttemptPlaces
{
    /// <summary>How many there are, in the whole process: an eighth of <see cref="OpenFiles.Reserve"/>.</summary>
    public const int Count = OpenFiles.Reserve / 8;

    private int _taken;

    /// <summary>How many are taken.</summary>
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
