using System.Collections.Concurrent;

namespace Processes;

/// <summary>
/// A thread that starts the child processes and lives as long as this process: Linux signals a child that asked for it when
/// the thread that started it ends, and threads of the pool come and go.
/// </summary>
internal static class StartingThread
{
    private static readonly BlockingCollection<Action> Work = Begin();

    /// <summary>Runs something there and waits for it.</summary>
    public static T Run<T>(Func<T> start)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                result.SetResult(start());
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        });
        return result.Task.GetAwaiter().GetResult();
    }

    private static BlockingCollection<Action> Begin()
    {
        var work = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
                action();
        })
        { IsBackground = true, Name = "starts processes" }.Start();
        return work;
    }
}
