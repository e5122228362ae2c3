namespace Sidecar.Tests.Support;

/// <summary>What something costs once it is warm.</summary>
internal static class SteadyState
{
    private const int Rounds = 5;
    private const int Calls = 30;

    /// <summary>The least bytes of the rounds: what the runtime allocates once, as when it compiles a method anew, is in one of them at most.</summary>
    public static long BytesAllocatedBy(Action call)
    {
        call();
        return Enumerable.Range(0, Rounds).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Calls; i++)
                call();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
    }
}
