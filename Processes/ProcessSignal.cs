namespace Processes;

/// <summary>Signals with their numbers on Linux.</summary>
public enum ProcessSignal
{
    /// <summary>SIGHUP: read the configuration again.</summary>
    HangUp = 1,

    /// <summary>SIGINT, the signal of Ctrl-C: end.</summary>
    Interrupt = 2,

    /// <summary>SIGKILL: the kernel ends the process at once.</summary>
    Kill = 9,

    /// <summary>SIGTERM: end.</summary>
    Terminate = 15,

    /// <summary>SIGCONT: go on after SIGSTOP.</summary>
    Continue = 18,

    /// <summary>SIGSTOP: the kernel halts the process until SIGCONT.</summary>
    Stop = 19,
}
