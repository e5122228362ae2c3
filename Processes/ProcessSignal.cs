namespace Processes;

/// <summary>What a process can be told, as Linux numbers it.</summary>
public enum ProcessSignal
{
    /// <summary>SIGHUP: look at the configuration again.</summary>
    HangUp = 1,

    /// <summary>SIGINT, as Ctrl-C sends it: end.</summary>
    Interrupt = 2,

    /// <summary>SIGKILL: the kernel ends it, at once.</summary>
    Kill = 9,

    /// <summary>SIGTERM: end.</summary>
    Terminate = 15,
}
