namespace Testing;

/// <summary>The managed memory of this process.</summary>
internal static class ManagedMemory
{
    // What finalizers give back, pools among them, is garbage of the next collection only.
    private const int MostCollections = 50;
    private const long Still = 1024;

    /// <summary>Bytes that are in use, once collections find nothing more.</summary>
    public static long Settled()
    {
        var (before, now) = (long.MaxValue, GC.GetTotalMemory(forceFullCollection: true));
        for (var i = 0; i < MostCollections && Math.Abs(before - now) > Still; i++)
        {
            GC.WaitForPendingFinalizers();
            (before, now) = (now, GC.GetTotalMemory(forceFullCollection: true));
        }

        return now;
    }
}
