namespace Sidecar.Owners;

/// <summary>A process.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Command">Its name, of at most 15 bytes (proc_pid_comm(5)).</param>
internal sealed record ProcessName(int Id, string Command);
