namespace Processes;

/// <summary>How a process ended when it had to stop.</summary>
public enum StopOutcome
{
    /// <summary>It had ended before.</summary>
    HadEnded,

    /// <summary>It ended after SIGTERM, in time.</summary>
    Terminated,

    /// <summary>It did not end in time and was killed, together with the processes that it had started.</summary>
    Killed,
}
