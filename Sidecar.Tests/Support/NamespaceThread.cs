using System.Runtime.InteropServices;

namespace Sidecar.Tests.Support;

/// <summary>
/// Makes sockets inside a network namespace without a process there: a thread of its own enters it, as a user of its own,
/// and ends. A socket stays in the namespace, and of the user, in which it was made.
/// </summary>
internal static partial class NamespaceThread
{
    // linux/sched.h
    private const int CloneNewNet = 0x40000000;

    /// <summary>Runs what makes the socket, and what else has to happen there.</summary>
    public static T Run<T>(string name, int user, int group, Func<T> make)
    {
        T? made = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(name);
                // Only this thread's, other than setuid(2) by way of the C library; iptables' owner match looks at these.
                Become("group", group, SetGroup);
                Become("user", user, SetUser);
                made = make();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? made! : throw failure;
    }

    private static void Enter(string name)
    {
        using var space = File.OpenHandle($"/run/netns/{name}");
        if (SetNamespace((int)space.DangerousGetHandle(), CloneNewNet) != 0)
            throw new InvalidOperationException($"setns({name}): {Marshal.GetLastPInvokeErrorMessage()}");
    }

    // These calls answer with the id before; -1 is none and changes nothing (setfsuid(2)).
    private static void Become(string what, int id, Func<int, int> set)
    {
        _ = set(id);
        if (set(-1) != id)
            throw new InvalidOperationException($"cannot become {what} {id}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetUser(int user);

    [LibraryImport("libc", EntryPoint = "setfsgid")]
    private static partial int SetGroup(int group);
}
